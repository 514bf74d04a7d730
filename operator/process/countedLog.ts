// A log for messages that clients can cause in any number: the first message of a kind is logged at once, further ones within a minute are
// counted and logged as one line.
export interface CountedLogOptions {
  readonly say: (line: string) => void;
  /** Milliseconds for which messages of a kind are counted; default one minute. */
  readonly everyMs?: number;
  /** Most kinds at the same time; all further kinds count as one. */
  readonly most?: number;
}

interface Kind {
  further: number;
  last: string;
}

const others = 'others';

export class CountedLog {
  private readonly kinds = new Map<string, Kind>();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly options: CountedLogOptions) {}

  /** Logs a line, or counts it. @param kind lines of the same kind are counted together */
  tell(kind: string, line: string): void {
    const { most = 64 } = this.options;
    const key = this.kinds.has(kind) || this.kinds.size < most ? kind : others;
    const known = this.kinds.get(key);
    if (known === undefined) {
      this.options.say(line);
      this.kinds.set(key, { further: 0, last: line });
      this.after(key);
    } else {
      known.further += 1;
      known.last = line;
    }
  }

  /** Logs the lines that were counted and not logged yet, and stops. */
  end(): void {
    for (const timer of this.timers) clearTimeout(timer);
    for (const key of [...this.kinds.keys()]) this.sum(key);
    this.kinds.clear();
  }

  private after(key: string): void {
    const { everyMs = 60_000 } = this.options;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (this.sum(key)) this.after(key);
      else this.kinds.delete(key);
    }, everyMs).unref();
    this.timers.add(timer);
  }

  /** Logs the number of counted lines of a kind. @returns whether there were any */
  private sum(key: string): boolean {
    const kind = this.kinds.get(key);
    if (kind === undefined || kind.further === 0) return false;
    this.options.say(`${kind.last}; ${kind.further} more like it since the last log line`);
    kind.further = 0;
    return true;
  }
}
