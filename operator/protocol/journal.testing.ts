// For tests: what happened, in order, and a way to wait for it instead of sleeping.

export class Journal {
  readonly lines: string[] = [];
  private readonly waiters = new Set<() => void>();

  add(line: string): void {
    this.lines.push(line);
    for (const look of [...this.waiters]) look();
  }

  /** Resolves with the first line, past or future, that matches; `after` leaves out that many lines from the start. */
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
