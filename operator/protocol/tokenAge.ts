// The token of a long stream: the agent must send a fresh token before the last accepted one is too old.
import { status } from '@grpc/grpc-js';
import { Refused } from './refused';

export interface TokenAgeOptions<Identity> {
  /** Returns the identity of a token, as for the stream's first token. */
  readonly authenticate: (token: string) => Promise<Identity>;
  /** Takes the identity of a fresh token; throws `Refused` when it is another than before. */
  readonly accept: (identity: Identity) => void;
  /** Called when the stream must end, once at most. */
  readonly onRefused: (code: status, reason: string) => void;
  /** Most milliseconds from one accepted token to the next. */
  readonly maxAgeMs: number;
  /** Milliseconds until a token that could not be checked is checked again. */
  readonly retryMs: number;
}

export class TokenAge<Identity> {
  private deadline: NodeJS.Timeout;
  private retry: NodeJS.Timeout | undefined;
  /** The latest token that was not checked yet. */
  private waiting: string | undefined;
  private checking = false;
  private ended = false;

  constructor(private readonly options: TokenAgeOptions<Identity>) {
    this.deadline = this.armed();
  }

  /** Checks a fresh token. Checks run one at a time, and only the latest waiting token is checked. Never throws. */
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
      // The check gave no verdict, so it is repeated. The deadline of the stream stays.
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
    return setTimeout(() => this.refuse(status.UNAUTHENTICATED, 'the agent sent no fresh token in time'), this.options.maxAgeMs);
  }

  private refuse(code: status, reason: string): void {
    if (this.ended) return;
    this.end();
    this.options.onRefused(code, reason);
  }
}

/** True when the token itself was refused, and not because the controller or the API server is overloaded. */
function isVerdict(error: unknown): error is Refused {
  return error instanceof Refused && error.code !== status.RESOURCE_EXHAUSTED && error.code !== status.UNAVAILABLE;
}
