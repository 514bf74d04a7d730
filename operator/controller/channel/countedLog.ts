// A log of what others can cause as often as they like: the first of a kind is said at once, those that follow within a minute are counted.
export interface CountedLogOptions {
  readonly say: (line: string) => void;
  readonly everyMs?: number;
  /** Kinds at a time; what is of further ones counts as one more. */
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

  /** @param kind what lines must have in common to be counted together */
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

  /** What was counted is said now. */
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

  /** @returns whether there was something to say */
  private sum(key: string): boolean {
    const kind = this.kinds.get(key);
    if (kind === undefined || kind.further === 0) return false;
    this.options.say(`${kind.last}; ${kind.further} more like it since the last was said`);
    kind.further = 0;
    return true;
  }
}
