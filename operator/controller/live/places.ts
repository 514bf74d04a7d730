// Limits for the number of open requests, of all users and of one user.
import { Refusal } from './refusal';

export interface PlaceLimits {
  /** Most open requests of all users. */
  readonly all: number;
  /** Most open requests of one user. */
  readonly each: number;
}

const tooMany = (message: string): Refusal => new Refusal(429, 'TooManyRequests', message, 1);

export class Places {
  private readonly taken = new Map<string, number>();
  private all = 0;

  constructor(
    /** What the limits count, in the plural, for messages. */
    private readonly what: string,
    private readonly limits: PlaceLimits,
  ) {}

  /** Takes a place for a user. @returns a function that frees it @throws Refusal with 429 */
  take(user: string): () => void {
    const own = this.taken.get(user) ?? 0;
    if (own >= this.limits.each) throw tooMany(`this user has ${own} open ${this.what}, which is the limit; end one or try again later`);
    if (this.all >= this.limits.all) throw tooMany(`${this.all} ${this.what} are open, which is the limit; try again later`);
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
