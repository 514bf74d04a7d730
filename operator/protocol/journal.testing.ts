// For tests: a list of events in order, with a way to wait for an event instead of sleeping.

export class Journal {
  readonly lines: string[] = [];
  private readonly waiters = new Set<() => void>();

  add(line: string): void {
    this.lines.push(line);
    for (const look of [...this.waiters]) look();
  }

  /** Resolves with the first line, past or future, that matches; the first `after` lines are skipped. */
  until(pattern: RegExp, after = 0): Promise<string> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.lines.slice(after).find((line) => pattern.test(line));
        if (found === undefined) return;
        this.waiters.delete(look);
        resolve(found);
      };
      this.waiters.add(look);
      look();
    });
  }
}
