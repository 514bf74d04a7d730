// Finds and takes down runs whose process ended before it could clean up.
import { existsSync } from 'node:fs';
import { takeDown } from './down';
import { knownRuns } from './state';

/** Runs named `<prefix>-<process id>` whose process no longer exists. */
export function abandonedRuns(prefix: string): string[] {
  const named = new RegExp(`^${prefix}-(\\d+)$`);
  return knownRuns().filter((runId) => {
    const owner = named.exec(runId)?.[1];
    return owner !== undefined && !existsSync(`/proc/${owner}`);
  });
}

/** Takes down abandoned runs with this prefix. Returns the id of a new run, which is taken down when this process is interrupted. */
export async function ownRun(prefix: string): Promise<string> {
  for (const runId of abandonedRuns(prefix)) await takeDown(runId);
  const runId = `${prefix}-${process.pid}`;
  takeDownOnSignal(runId);
  return runId;
}

/** Takes the run down when Control-C or SIGTERM ends this process. */
export function takeDownOnSignal(runId: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      const ended = knownRuns().includes(runId) ? takeDown(runId) : Promise.resolve();
      void ended.finally(() => process.exit(130));
    });
  }
}
