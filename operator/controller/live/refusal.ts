// An error that is answered as a Kubernetes Status object; kubectl and accelctl print its message.
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    /** HTTP status. */
    readonly code: number,
    /** Reason by the API conventions, such as Forbidden, NotFound or TooManyRequests. */
    readonly reason: string,
    message: string,
    /** Seconds after which the client may try again. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }

  /** The Status object of this error. */
  get status(): Readonly<Record<string, unknown>> & { readonly message: string } {
    const details = this.retryAfter === undefined ? {} : { details: { retryAfterSeconds: this.retryAfter } };
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      code: this.code,
      ...details,
    };
  }
}
