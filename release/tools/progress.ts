// Shows the progress of a command: a line for every finished step, and on a terminal a running clock.

const heartbeatSeconds = 60;

interface Step {
  readonly name: string;
  readonly startedMs: number;
}

/** Prints steps while they run. Steps may overlap. Other code should not write to the stream meanwhile. */
export class Progress {
  private readonly running = new Set<Step>();
  private clock: NodeJS.Timeout | undefined;
  private ticks = 0;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  /**
   * Runs a step and prints how long it took.
   * @param describe turns the step's result into a few words for its line
   * @throws the error of the step, after printing that the step has failed
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

  /** Prints a line that belongs to no step. */
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

  /** Moves the clock on a terminal; in a log, prints a line from time to time to show that the step still runs. */
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
