// accelctl's exit codes, which scripts may rely on, and the error that carries one.

/** Exit codes; documented in `accelctl --help`. */
export const exitCode = {
  /** The command has done its work, or the requested state holds. */
  success: 0,
  /** The command could not do its work, for example because the API server does not answer. */
  error: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The result is negative: not ready, not accelerated, a failed check, or a state that was not reached in time. */
  notReady: 3,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** An error whose message is one line for the user: what was being done, what is wrong, what to do next. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly code: ExitCode = exitCode.error,
    /** The error below it; `isTransient` reads it. */
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'Failure';
  }
}
