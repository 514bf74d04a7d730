// Why a request is not answered, as a Status object: what kubectl and accelctl show in one line.
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    /** HTTP status. */
    readonly code: number,
    /** As in the API conventions: Forbidden, NotFound, TooManyRequests. */
    readonly reason: string,
    message: string,
    /** Seconds to wait before trying again. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }

  get status(): object {
    const details = this.retryAfter === undefined ? {} : { details: { retryAfterSeconds: this.retryAfter } };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: this.message, reason: this.reason, code: this.code, ...details };
  }
}
