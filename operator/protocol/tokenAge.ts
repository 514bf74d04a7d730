// The token of a long stream: shown anew before it is too old, and checked as the first one was.
import { status } from '@grpc/grpc-js';
import { Refused } from './refused';

export interface TokenAgeOptions<Identity> {
  /** Says whose token it is; as for the first one. */
  readonly authenticate: (token: string) => Promise<Identity>;
  /** Takes in whom the new token names; throws `Refused` for another than before. */
  readonly accept: (identity: Identity) => void;
  /** The stream is to end. Called once. */
  readonly onRefused: (code: status, reason: string) => void;
  /** Milliseconds from one accepted token to the latest moment of the next. */
  readonly maxAgeMs: number;
  /** Milliseconds until a token that could not be checked is checked again. */
  readonly retryMs: number;
}

export class TokenAge<Identity> {
  private deadline: NodeJS.Timeout;
  private retry: NodeJS.Timeout | undefined;
  /** The latest token that was shown and not yet checked. */
  private waiting: string | undefined;
  private checking = false;
  private ended = false;

  constructor(private readonly options: TokenAgeOptions<Identity>) {
    this.deadline = this.armed();
  }

  /** One check at a time: of tokens that come meanwhile only the latest is looked at. Never throws. */
  show(token: string): void {
    this.waiting = token;
    if (!this.checking) void this.check();
  }

  end(): void {
    this.ended = true;
    clearTimeout(this.deadline);
    clearTimeout(this.retry);
  }

  private async check(): Promise<void> {
    const token = this.waiting;
    if (token === undefined || this.ended) return;
    this.waiting = undefined;
    this.checking = true;
    try {
      const identity = await this.options.authenticate(token);
      if (this.ended) return;
      this.options.accept(identity);
      clearTimeout(this.deadline);
      this.deadline = this.armed();
    } catch (error) {
      if (isVerdict(error)) return this.refuse(error.code, error.message);
      // Nobody could say, or not now. The deadline does not wait for it.
      this.waiting ??= token;
      clearTimeout(this.retry);
      if (!this.ended) this.retry = setTimeout(() => void this.check(), this.options.retryMs);
      return;
    } finally {
      this.checking = false;
    }
    await this.check();
  }

  private armed(): NodeJS.Timeout {
    return setTimeout(() => this.refuse(status.UNAUTHENTICATED, 'no fresh token was shown'), this.options.maxAgeMs);
  }

  private refuse(code: status, reason: string): void {
    if (this.ended) return;
    this.end();
    this.options.onRefused(code, reason);
  }
}

/** A refusal because of the token, and not because there is too much to do. */
function isVerdict(error: unknown): error is Refused {
  return error instanceof Refused && error.code !== status.RESOURCE_EXHAUSTED && error.code !== status.UNAVAILABLE;
}
