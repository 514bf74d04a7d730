// Why a stream is ended, with the status that the agent sees.
import { status } from '@grpc/grpc-js';

/** Thrown by `authenticate`, `onStream` or a handler of the stream to end it with this status; the message goes to the agent. */
export class Refused extends Error {
  override readonly name: string = 'Refused';
  constructor(
    readonly code: status,
    message: string,
  ) {
    super(message);
  }
}

/** The token is wrong. */
export class NotAuthenticated extends Refused {
  override readonly name = 'NotAuthenticated';
  constructor(message: string) {
    super(status.UNAUTHENTICATED, message);
  }
}
