// Connections to the port of probes and metrics that never say a word.
import { type Attack, brokenBy } from '../attack';
import { probe } from './probes';
import { mostMiB, rounded, underCrowd } from './underCrowd';

export const idleAtHealth: Attack = {
  name: 'idle connections to the port of probes and metrics',
  attacker: 'pod network',
  before: '66 connections: 100 of 100 liveness probes were reset, the kubelet restarts controller and agents in a loop',
  run: async (stage, size) => {
    const { controller } = (await stage.controller()).bench;
    const [count, probes] = size === 'full' ? [1000, 200] : [300, 40];
    const { grownMiB, made, found } = await underCrowd(controller.pid ?? 0, [{ port: controller.ports.http, count }], () => probe(controller.ports.http, '/healthz', probes));
    const { asked, failed, slowestMs } = found;
    return {
      cost: `${count} open connections, made ${made} times in ${Math.round(asked / 10)} s`,
      now: `${failed.length} of ${asked} probes failed, the slowest took ${Math.round(slowestMs)} ms; ${rounded(grownMiB)} MiB more`,
      figures: { connections: count, probes: asked, failedProbes: failed.length, slowestMs: Math.round(slowestMs), grownMiB: rounded(grownMiB) },
      broken: brokenBy([failed.length > 0, `probes failed: ${failed[0]}`], [grownMiB > mostMiB, `more than ${mostMiB} MiB more`]),
    };
  },
};
