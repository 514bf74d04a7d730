// What a crowd of connections costs a process, and what it keeps others from.
import { setTimeout as pause } from 'node:timers/promises';
import { residentMiB } from '../../scale/processUse';
import { waitFor } from '../../support/waitFor';
import { Crowd, type CrowdOptions } from './connections';

/** What a port may take of memory by connections that nobody vouches for. */
export const mostMiB = 32;

export interface UnderCrowd<T> {
  /** Of the victim: the most there was while the crowd was there, less what there was before. MiB. */
  readonly grownMiB: number;
  /** Connections that the crowd had to make. */
  readonly made: number;
  readonly found: T;
}

/** Looks at the victim's memory all the while. */
export async function underCrowd<T>(pid: number, crowds: readonly CrowdOptions[], look: () => Promise<T>): Promise<UnderCrowd<T>> {
  const before = residentMiB(pid).now;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentMiB(pid).now)), 50);
  const crowd = crowds.map((options) => new Crowd(options));
  try {
    const wanted = crowds.reduce((sum, { count }) => sum + count, 0);
    await waitFor('the crowd to have come', () => crowd.reduce((sum, { made }) => sum + made, 0) >= wanted, { everyMs: 10 });
    await pause(500);
    const found = await look();
    return { grownMiB: most - before, made: crowd.reduce((sum, { made }) => sum + made, 0), found };
  } finally {
    clearInterval(watch);
    for (const each of crowd) each.leave();
  }
}

export const rounded = (value: number): number => Math.round(value * 10) / 10;
