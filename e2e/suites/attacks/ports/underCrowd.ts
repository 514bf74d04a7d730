// What a crowd of connections costs a process, and what it keeps others from.
import { setTimeout as pause } from 'node:timers/promises';
import { residentMiB } from '../../../stand/support/processUse';
import { Crowd, type CrowdOptions } from './connections';

/** What a port may take of memory by connections that nobody vouches for. */
export const mostMiB = 32;

export interface UnderCrowd<T> {
  /** Of the victim: the most there was while the crowd was there, less what there was before. MiB. */
  readonly grownMiB: number;
  /** Connections that the crowd had to make. */
  readonly made: number;
  readonly seconds: number;
  readonly found: T;
}

/** Looks at the victim's memory all the while. */
export async function underCrowd<T>(pid: number, crowds: readonly CrowdOptions[], look: () => Promise<T>): Promise<UnderCrowd<T>> {
  const before = residentMiB(pid).now;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentMiB(pid).now)), 50);
  const began = performance.now();
  const crowd = crowds.map((options) => new Crowd(options));
  try {
    await pause(500); // until they have come
    const found = await look();
    return { grownMiB: most - before, made: crowd.reduce((sum, { made }) => sum + made, 0), seconds: rounded((performance.now() - began) / 1000), found };
  } finally {
    clearInterval(watch);
    for (const each of crowd) each.leave();
  }
}

export const rounded = (value: number): number => Math.round(value * 10) / 10;
