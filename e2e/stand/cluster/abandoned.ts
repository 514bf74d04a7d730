// What is left of runs whose process was ended before it could clean up.
import { existsSync } from 'node:fs';
import { takeDown } from './down';
import { knownRuns } from './state';

/** Runs named `<prefix>-<process id>` whose process no longer exists; one that still goes on cleans up by itself. */
export function abandonedRuns(prefix: string): string[] {
  const named = new RegExp(`^${prefix}-(\\d+)$`);
  return knownRuns().filter((runId) => {
    const owner = named.exec(runId)?.[1];
    return owner !== undefined && !existsSync(`/proc/${owner}`);
  });
}

/** Takes down what runs of that name have left, and this one when it is interrupted; returns its id. */
export async function ownRun(prefix: string): Promise<string> {
  for (const runId of abandonedRuns(prefix)) await takeDown(runId);
  const runId = `${prefix}-${process.pid}`;
  takeDownOnSignal(runId);
  return runId;
}

/** Control-C in the middle of a run must not leave a cluster behind. */
export function takeDownOnSignal(runId: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      const ended = knownRuns().includes(runId) ? takeDown(runId) : Promise.resolve();
      void ended.finally(() => process.exit(130));
    });
  }
}
