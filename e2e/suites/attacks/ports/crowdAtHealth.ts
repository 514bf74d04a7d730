// A crowd at the port of probes, from the same address as the probes, which is the worst case for them.
import { type Attack, brokenBy } from '../attack';
import type { Stage } from '../stage';
import type { CrowdOptions } from './connections';
import { probe } from './probes';
import { mostMiB, rounded, underCrowd } from './underCrowd';

export interface Probed {
  readonly pid: number;
  readonly port: number;
}

/** @param most the most MiB that the crowd may cost */
export function crowdAtHealth(victim: (stage: Stage) => Promise<Probed>, crowd: Partial<CrowdOptions>, most = mostMiB): Attack['run'] {
  return async (stage, size) => {
    const { pid, port } = await victim(stage);
    const [count, probes] = size === 'full' ? [1000, 200] : [300, 40];
    const { grownMiB, made, found, seconds } = await underCrowd(pid, [{ ...crowd, port, count }], () => probe(port, '/healthz', probes));
    const { asked, failed, slowestMs } = found;
    return {
      cost: `${count} connections, made ${made} times in ${seconds} s`,
      now: `${failed.length} of ${asked} probes failed, the slowest took ${Math.round(slowestMs)} ms; ${rounded(grownMiB)} MiB more`,
      figures: {
        connections: count,
        made,
        seconds,
        probes: asked,
        failedProbes: failed.length,
        slowestMs: Math.round(slowestMs),
        grownMiB: rounded(grownMiB),
      },
      broken: brokenBy([failed.length > 0, `probes failed: ${failed[0]}`], [grownMiB > most, `more than ${most} MiB more`]),
    };
  };
}
