// Shows what is going on: a line for every finished step, a running clock meanwhile on a terminal.

const heartbeatSeconds = 60;

interface Step {
  readonly name: string;
  readonly startedMs: number;
}

/** Prints steps as they run. Steps may overlap; nothing else should write to the stream meanwhile. */
export class Progress {
  private readonly running = new Set<Step>();
  private clock: NodeJS.Timeout | undefined;
  private ticks = 0;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  /**
   * Runs one step and says how long it took.
   * @param describe turns the step's result into a few words for its line
   * @throws whatever the step throws, after saying that the step failed
   */
  async step<T>(name: string, work: () => Promise<T>, describe: (result: T) => string = () => ''): Promise<T> {
    const step = { name, startedMs: Date.now() };
    this.begin(step);
    try {
      const result = await work();
      this.end(step, '✓', describe(result));
      return result;
    } catch (error) {
      this.end(step, '✗', 'failed');
      throw error;
    }
  }

  /** Prints one line of its own. */
  say(line: string): void {
    this.erase();
    this.stream.write(`${line}\n`);
    this.paint();
  }

  private begin(step: Step): void {
    this.running.add(step);
    this.clock ??= setInterval(() => this.tick(), 1000);
    this.paint();
  }

  private end(step: Step, mark: string, note: string): void {
    this.running.delete(step);
    if (this.running.size === 0) {
      clearInterval(this.clock);
      this.clock = undefined;
    }
    this.say(`${mark} ${step.name.padEnd(44)} ${seconds(step).toFixed(1).padStart(7)} s  ${note}`.trimEnd());
  }

  /** A terminal sees the clock move; a log gets a sign of life now and then. */
  private tick(): void {
    this.ticks += 1;
    if (this.stream.isTTY) this.paint();
    else if (this.ticks % heartbeatSeconds === 0) this.stream.write(`… ${this.summary()}\n`);
  }

  private paint(): void {
    if (!this.stream.isTTY || this.running.size === 0) return;
    this.erase();
    this.stream.write(`… ${this.summary()}`.slice(0, this.stream.columns - 1));
  }

  private erase(): void {
    if (this.stream.isTTY) this.stream.write('\r\u001b[K');
  }

  private summary(): string {
    return [...this.running].map((step) => `${step.name} ${Math.round(seconds(step))} s`).join(' · ');
  }
}

function seconds(step: Step): number {
  return (Date.now() - step.startedMs) / 1000;
}
