// Tokens that were refused lately, and addresses that little else comes from: neither costs the API server a look each time.
import { createHash } from 'node:crypto';

/** A token that was refused may be good a moment later, when its pod is known everywhere: an agent comes again by its back-off. */
const tokenMs = 10_000;
const addressMs = 60_000;
const most = { tokens: 1024, addresses: 16_384 };
/** So many more wrong tokens than good ones lately make an address doubtful: one that many agents share is not, for one of them. */
const forgiven = 8;

export class Refusals {
  /** By digest: whoever reads this memory is not to find tokens in it. */
  private readonly tokens: Recent<string>;
  /** Wrong tokens less good ones. */
  private readonly balances: Recent<number>;

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.tokens = new Recent(tokenMs, most.tokens, now);
    this.balances = new Recent(addressMs, most.addresses, now);
  }

  /** Why this very token was refused. */
  of(token: string): string | undefined {
    return this.tokens.get(digest(token));
  }

  /** More wrong tokens have come from there than good ones. */
  doubts(address: string): boolean {
    return (this.balances.get(address) ?? 0) > forgiven;
  }

  /** @param address undefined when it is that of an agent, whose next token was refused */
  add(token: string, why: string, address: string | undefined): void {
    this.tokens.set(digest(token), why);
    if (address !== undefined) this.count(address, 1);
  }

  accepted(address: string): void {
    this.count(address, -1);
  }

  private count(address: string, change: number): void {
    this.balances.set(address, (this.balances.get(address) ?? 0) + change);
  }
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64');

/** The latest values, each for a time. */
class Recent<Value> {
  private readonly values = new Map<string, { readonly value: Value; readonly until: number }>();

  constructor(
    private readonly keepMs: number,
    private readonly most: number,
    private readonly now: () => number,
  ) {}

  get(key: string): Value | undefined {
    const found = this.values.get(key);
    return found === undefined || found.until <= this.now() ? undefined : found.value;
  }

  set(key: string, value: Value): void {
    this.values.delete(key);
    this.values.set(key, { value, until: this.now() + this.keepMs });
    const [oldest] = this.values.keys();
    if (this.values.size > this.most && oldest !== undefined) this.values.delete(oldest);
  }
}
