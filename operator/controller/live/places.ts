// How many requests are worked on at a time, of all users and of one.
import { Refusal } from './refusal';

export interface PlaceLimits {
  readonly all: number;
  /** Of one user: nobody takes every place. */
  readonly each: number;
}

export class Places {
  private readonly taken = new Map<string, number>();
  private all = 0;

  constructor(
    /** In the plural. */
    private readonly what: string,
    private readonly limits: PlaceLimits,
  ) {}

  /** Gives back a function that gives the place back. @throws Refusal with 429 */
  take(user: string): () => void {
    const own = this.taken.get(user) ?? 0;
    if (own >= this.limits.each) throw new Refusal(429, 'TooManyRequests', `this user has ${own} ${this.what} open already; end one, or try again`, 1);
    if (this.all >= this.limits.all) throw new Refusal(429, 'TooManyRequests', `${this.all} ${this.what} are open already; try again`, 1);
    this.taken.set(user, own + 1);
    this.all++;
    let back = false;
    return () => {
      if (back) return;
      back = true;
      this.all--;
      const left = (this.taken.get(user) ?? 1) - 1;
      if (left === 0) this.taken.delete(user);
      else this.taken.set(user, left);
    };
  }
}
