// Measures how much memory a crowd of connections costs a process, and whether others are still served.
import { setTimeout as pause } from 'node:timers/promises';
import { residentMiB } from '../../../stand/support/processUse';
import { Crowd, type CrowdOptions } from './connections';

/** The most memory that unproven connections to a port may cost. */
export const mostMiB = 32;

export interface UnderCrowd<T> {
  /** By how much the resident memory of the process under attack grew at most, in MiB. */
  readonly grownMiB: number;
  /** Connections that the crowd opened. */
  readonly made: number;
  readonly seconds: number;
  readonly found: T;
}

/** Calls `look` while the crowds are connected, and watches the memory of process `pid` meanwhile. */
export async function underCrowd<T>(pid: number, crowds: readonly CrowdOptions[], look: () => Promise<T>): Promise<UnderCrowd<T>> {
  const before = residentMiB(pid).now;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentMiB(pid).now)), 50);
  const began = performance.now();
  const crowd = crowds.map((options) => new Crowd(options));
  try {
    await pause(500); // until the crowds are connected
    const found = await look();
    return {
      grownMiB: most - before,
      made: crowd.reduce((sum, { made }) => sum + made, 0),
      seconds: rounded((performance.now() - began) / 1000),
      found,
    };
  } finally {
    clearInterval(watch);
    for (const each of crowd) each.leave();
  }
}

export const rounded = (value: number): number => Math.round(value * 10) / 10;
