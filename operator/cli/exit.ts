// How accelctl ends: the exit codes that scripts may rely on, and the errors that carry them.

/** Exit codes; documented in `accelctl --help`. */
export const exitCode = {
  /** What was asked is so. */
  fine: 0,
  /** It could not be found out. */
  error: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The answer is no: not ready, not accelerated, a check that failed, or not reached in time. */
  notReady: 3,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** An error whose message is one line for the user: what was being done, what is wrong, what to do next. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly code: ExitCode = exitCode.error,
    /** What it came from; tells whether it may pass by itself. */
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'Failure';
  }
}
