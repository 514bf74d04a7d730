// Pods open very many connections, to exhaust the memory cgroup of their node's agent, to which the kernel charges the maps.
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { stop } from '../../../../ebpf/tests/pods';
import { boundsOfNode, maxConnectionsRange, scalarOf } from '../../../../operator/api';
import { specWith } from '../../../../operator/controller/agents/agents.testing';
import { agentContainer, agentMemory } from '../../../../operator/controller/render/agentContainer';
import { provideLoadProgram } from '../../../stand/pods/loadProgram';
import { runInPod } from '../../../stand/support/podProcess';
import { orderForShop, RealAgent } from '../../../stand/agent/realAgent';
import { waitFor } from '../../../stand/support/waitFor';
import { type Attack, brokenBy } from '../attack';
import { count, mib } from '../figures';
import { probe } from '../ports/probes';
import { MemoryCgroup } from './memoryCgroup';

interface Crowd {
  readonly pods: number;
  readonly connections: number;
  /** How many connections of each pod take turns, so that they are joined. */
  readonly talking: number;
  /** Seconds between two turns of a connection. */
  readonly seconds: number;
  readonly probes: number;
}

/** 200,000 connections, of which as many take turns as a pod's part of connections.max allows to join. */
const full: Crowd = { pods: 5, connections: 40_000, talking: 16_384, seconds: 5, probes: 100 };
const short: Crowd = { pods: 1, connections: 20_000, talking: 500, seconds: 1, probes: 10 };
const ends = boundsOfNode(maxConnectionsRange.default).ends;
/** The share that must be joined. It is not 1, because connections whose ends are not both followed stay on TCP. */
const joinedShare = 0.5;

export const openConnections: Attack = {
  name: 'very many open connections of selected pods, idle and joined',
  attacker: 'pod',
  needs: 'root',
  before:
    'some 90,000 connections of other pods filled the agent’s memory cgroup, and the kernel killed the agent whenever it came back; describing one pod of 54,000 ends took 64 MiB and 0.9 s',
  run: async (_stage, size) => {
    const crowd = size === 'full' ? full : short;
    const environment = Object.fromEntries(agentMemory.map(({ name, value }) => [name, value]));
    const agent = await RealAgent.prepare(`held-${process.pid}`, {
      program: ['dist/operator/agent/main.js'],
      environment: { ...environment, LOG_LEVEL: 'info' },
    });
    const programs: ChildProcess[] = [];
    try {
      const limit = defaultLimit();
      const cgroup = new MemoryCgroup(agent.node.cgroup, limit);
      const names = Array.from({ length: crowd.pods }, (_, each) => `cart-${each}`);
      for (const name of names) await agent.pod('shop', name);
      await agent.start(cgroup.under);
      const { pid } = agent;
      agent.session?.send({ ...orderForShop, maxConnections: maxConnectionsRange.default });
      await agent.reported('the pods', ({ appliedOrder, namespaces }) => appliedOrder === 1 && namespaces[0]?.podsAccelerated === crowd.pods);
      const idle = cgroup.usageBytes;
      for (const name of names) programs.push(await openIn(agent, name, crowd));
      await joined(agent, crowd);
      const [live, { asked, failed, slowestMs }] = await Promise.all([
        describeOne(agent, names[0] ?? ''),
        probe(agent.healthPort, '/healthz', crowd.probes),
      ]);
      await agent.reported('the bound', ({ problems }) => problems.some(({ reason }) => reason === 'ConnectionLimit')).catch(() => undefined);
      return outcome(agent, crowd, cgroup, {
        limit,
        idle,
        live,
        asked,
        failed: failed.length,
        slowestMs: Math.round(slowestMs),
        alive: isSame(agent, pid),
      });
    } finally {
      await Promise.all(programs.map((program) => stop(program)));
      await agent.stop();
    }
  },
};

/** The memory limit, in bytes, that the controller gives an agent when the resource sets none. */
function defaultLimit(): number {
  const owner = { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', name: 'default', uid: '1' };
  const input = {
    spec: specWith(),
    owner,
    namespace: 'x',
    image: 'x',
    pullPolicy: 'Never' as const,
    pullSecrets: [],
    controllerAddress: 'x',
    ca: '',
  };
  const memory = agentContainer(input).resources.limits?.memory;
  if (memory === undefined) throw new Error('render an agent: its container has no memory limit');
  return scalarOf(memory);
}

async function openIn(agent: RealAgent, pod: string, { connections, talking, seconds }: Crowd): Promise<ChildProcess> {
  const words = ['idle', '127.0.0.1:7000', String(connections), String(talking), String(seconds)];
  return runInPod(join(agent.kubepods, 'besteffort', `pod-${pod}`), [await provideLoadProgram(), ...words]);
}

/** Waits until half of the connections that take turns, and whose ends are followed, are joined. */
function joined(agent: RealAgent, { pods, talking }: Crowd): Promise<unknown> {
  const wanted = joinedShare * Math.min(2 * pods * talking, ends);
  return waitFor('connections to be joined', () => (agent.report?.joinedSockets ?? 0) >= wanted, { timeoutMs: 240_000 }).catch(() => undefined);
}

/** Asks for live data about one pod: the connection ends that the answer counts, and the milliseconds until it came. */
async function describeOne(agent: RealAgent, pod: string): Promise<{ readonly ends: number; readonly ms: number }> {
  const began = performance.now();
  agent.session?.watch({ id: 1, namespace: 'shop', pod, limit: 500, events: false, cancel: false });
  const answer = await waitFor('an answer about one pod', () => (agent.watched?.id === 1 ? agent.watched : undefined), {
    timeoutMs: 120_000,
    everyMs: 20,
  });
  return { ends: answer.pods[0]?.open ?? 0, ms: Math.round(performance.now() - began) };
}

/** Whether the agent still is the same process, and connected. */
function isSame(agent: RealAgent, pid: number): boolean {
  try {
    return agent.pid === pid && agent.session !== undefined;
  } catch {
    return false;
  }
}

interface Found {
  readonly limit: number;
  /** Bytes in the agent's cgroup before there were connections. */
  readonly idle: number;
  readonly live: { readonly ends: number; readonly ms: number };
  readonly asked: number;
  readonly failed: number;
  readonly slowestMs: number;
  readonly alive: boolean;
}

function outcome(
  agent: RealAgent,
  { pods, connections }: Crowd,
  cgroup: MemoryCgroup,
  { limit, idle, live, asked, failed, slowestMs, alive }: Found,
) {
  const open = pods * connections;
  const [shop] = agent.report?.namespaces ?? [];
  const [followed, joinedSockets] = [shop?.open ?? 0, agent.report?.joinedSockets ?? 0];
  const reached = agent.report?.problems.find(({ reason }) => reason === 'ConnectionLimit')?.message.split('. ')[0];
  const [usage, peak, kills] = [cgroup.usageBytes, cgroup.peakBytes, cgroup.kills];
  return {
    cost: `${count(open)} connections, each of a pod with itself, in ${pods} pods`,
    now: [
      `${count(followed)} of ${count(2 * open)} ends are followed and ${count(joinedSockets)} joined; the agent’s cgroup has ${mib(usage)} MiB (${mib(idle)} before, ${mib(peak)} at most) of ${mib(limit)}`,
      `${kills} kills; a question for live data about a pod of ${count(live.ends)} ends was answered in ${live.ms} ms, and ${failed} of ${asked} probes meanwhile failed, the slowest took ${slowestMs} ms`,
      `the node’s status says ${reached === undefined ? 'nothing' : `ConnectionLimit: ${reached}`}`,
    ].join('; '),
    figures: {
      connections: open,
      followedEnds: followed,
      joinedSockets,
      bytesAnEnd: Math.round((usage - idle) / Math.max(1, followed)),
      limitMiB: mib(limit),
      idleMiB: mib(idle),
      usageMiB: mib(usage),
      peakMiB: mib(peak),
      kills,
      probes: asked,
      failedProbes: failed,
      slowestMs,
      describedEnds: live.ends,
      describedMs: live.ms,
    },
    broken: brokenBy(
      [kills > 0 || !alive, 'the agent was killed'],
      [failed > 0, 'a probe failed'],
      [followed > ends, `more than ${count(ends)} ends are followed`],
      [joinedSockets === 0, 'nothing was joined: this proves nothing'],
      [reached === undefined, 'the status does not say that a bound is reached'],
    ),
  };
}
