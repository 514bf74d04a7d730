// Asks again and again whether the user of an open watch still has the right to it.
import { systemClock, type Clock } from '../../kube';
import { Refusal } from './refusal';

const withdrawn = new Refusal(403, 'Forbidden', 'the right to watch these connections was withdrawn');
const unknown = new Refusal(503, 'ServiceUnavailable', 'the API server cannot check the rights of this user now; try again', 1);

/**
 * Resolves with the reason to end the watch: the right is gone, or could not be checked twice in a row. Resolves with undefined when the signal is
 * aborted. Never rejects.
 * @param mayStill one check; a rejection means that it could not be made
 * @param everyMs milliseconds between two checks
 */
export async function withdrawal(
  mayStill: () => Promise<boolean>,
  everyMs: number,
  signal: AbortSignal,
  clock: Pick<Clock, 'sleep'> = systemClock,
): Promise<Refusal | undefined> {
  let failed = 0;
  for (;;) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return undefined;
    const answer = await mayStill().catch(() => undefined);
    if (signal.aborted) return undefined;
    if (answer === false) return withdrawn;
    failed = answer === undefined ? failed + 1 : 0;
    if (failed === 2) return unknown;
  }
}
