// For commands that run for long: whole numbers as options, and an orderly end when they are interrupted.
import { InvalidArgumentError } from 'commander';

/** Reads an option's value, for commander. @throws InvalidArgumentError for anything but a whole number of at least 1 */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number of at least 1');
  return value;
}

/** A signal that the first Control-C aborts, so that the run ends in order. Each later Control-C only prints that it is still cleaning up. */
export function interruptions(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      process.stderr.write(controller.signal.aborted ? '\nstill cleaning up\n' : '\ninterrupted: cleaning up, what was measured is kept\n');
      controller.abort(new Error('interrupted'));
    });
  }
  return controller.signal;
}

/** The exit code of a command that was interrupted: 128 plus the number of SIGINT, as in a shell. */
export const interruptedCode = 130;
