// What commands that run for long have in common: numbers as options, and an end in order when they are interrupted.
import { InvalidArgumentError } from 'commander';

/** For commander. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number of at least 1');
  return value;
}

/** The first Control-C ends the run in order; those that follow find it doing so. */
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

/** What a command ends with that was interrupted: 128 and the number of SIGINT, as of a shell. */
export const interruptedCode = 130;
