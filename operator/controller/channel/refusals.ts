// Remembers recently refused tokens, and addresses that send more wrong tokens than good ones, so that the API server reviews fewer tokens.
import { createHash } from 'node:crypto';

/** Milliseconds for which a refused token is remembered. It may be valid a moment later, when its pod is known at every API server. */
const tokenMs = 10_000;
const addressMs = 60_000;
const most = { tokens: 1024, addresses: 16_384 };
/** Excess of wrong tokens over good ones that an address may have. An address of many agents must not be doubted because of one of them. */
const forgiven = 8;

export class Refusals {
  /** Digest of a token → why it was refused. The memory must not contain the tokens themselves. */
  private readonly tokens: Recent<string>;
  /** Address → number of wrong tokens minus number of good ones. */
  private readonly balances: Recent<number>;

  /** @param now a monotonic clock in milliseconds */
  constructor(now: () => number) {
    this.tokens = new Recent(tokenMs, most.tokens, now);
    this.balances = new Recent(addressMs, most.addresses, now);
  }

  /** Why this token was refused lately; undefined when it was not. */
  of(token: string): string | undefined {
    return this.tokens.get(digest(token));
  }

  /** True when an address has lately sent clearly more wrong tokens than good ones. */
  doubts(address: string): boolean {
    return (this.balances.get(address) ?? 0) > forgiven;
  }

  /** A token was refused. @param address undefined when it was the fresh token of an agent, which must not count against its address */
  add(token: string, why: string, address: string | undefined): void {
    this.tokens.set(digest(token), why);
    if (address !== undefined) this.count(address, 1);
  }

  /** A token of the address was accepted. */
  accepted(address: string): void {
    this.count(address, -1);
  }

  private count(address: string, change: number): void {
    this.balances.set(address, (this.balances.get(address) ?? 0) + change);
  }
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64');

/** A bounded map whose values expire. */
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
