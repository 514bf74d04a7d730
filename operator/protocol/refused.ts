// Errors that end a stream with a gRPC status.
import { status } from '@grpc/grpc-js';

/** Thrown by `authenticate`, `onStream` or a handler of a stream: the stream ends with this status, and the agent gets the message. */
export class Refused extends Error {
  override readonly name: string = 'Refused';
  constructor(
    readonly code: status,
    message: string,
  ) {
    super(message);
  }
}

/** The token is not valid. */
export class NotAuthenticated extends Refused {
  override readonly name = 'NotAuthenticated';
  constructor(message: string) {
    super(status.UNAUTHENTICATED, message);
  }
}
