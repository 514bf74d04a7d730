// Measures one real agent with many idle connections: its memory, and its CPU while nothing changes.
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { agentMemory } from '../../../operator/controller/render/agentContainer';
import { orderForShop, RealAgent } from '../../stand/agent/realAgent';
import { checkout } from '../../../release/tools/paths';
import { waitFor } from '../../stand/support/waitFor';
import { agentFigures } from './agentFigures';
import { runInPod } from '../../stand/support/podProcess';
import { cpuSeconds, residentMiB } from '../../stand/support/processUse';
import type { Row } from './results';
import type { Step } from './step';

const port = 7000;
/** The share of connections to wait for. The last ones are adopted some seconds later than the others. */
const joinedShare = 0.98;
const settledMs = 10_000;

export interface AgentUseOptions {
  readonly connections: number;
  readonly seconds: number;
}

/** Measures and tells the rows. Agent and connections are ended when it resolves or rejects. */
export async function measureAgent(
  { connections, seconds }: AgentUseOptions,
  step: Step,
  tell: (rows: readonly Row[]) => Promise<void>,
  interrupted: AbortSignal,
): Promise<void> {
  const environment = Object.fromEntries(agentMemory.map(({ name, value }) => [name, value]));
  const agent = await RealAgent.prepare(`scale-${process.pid}`, {
    program: [join(checkout, 'dist/operator/agent/main.js')],
    environment: { ...environment, LOG_LEVEL: 'info' },
  });
  const ends: ChildProcess[] = [];
  try {
    await step(`an agent, ${connections} connections`, async () => {
      await agent.pod('shop', 'cart');
      await agent.start();
      agent.session?.send({ ...orderForShop, maxConnections: 65_536 });
      await agent.reported('the order', ({ appliedOrder }) => appliedOrder === 1);
      const program = [process.execPath, '--no-warnings', join(__dirname, 'idleEnds.mts')];
      const cgroup = join(agent.kubepods, 'besteffort/pod-cart');
      ends.push(await runInPod(cgroup, [...program, 'serve', String(port)]));
      ends.push(await runInPod(cgroup, [...program, 'connect', String(port), String(connections)]));
      await waitFor('the connections to be joined', () => (agent.report?.joinedSockets ?? 0) >= 2 * connections * joinedShare, {
        timeoutMs: 180_000,
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; the agent reports ${JSON.stringify(agent.report)}`);
      });
      ends.at(-1)?.kill('SIGUSR2');
    });
    const use = await step(
      'the agent, idle',
      () => idle(agent, seconds, interrupted),
      ({ agent_rss, agent_cpu }) => `${agent_rss.toFixed(0)} MiB, ${agent_cpu.toFixed(2)} % of a core`,
    );
    await tell(
      Object.entries(use).map(([metric, value]) => ({
        nodes: 1,
        namespaces: 1,
        metric,
        value: Number(value.toPrecision(3)),
        unit: agentFigures[metric as keyof typeof use].unit,
      })),
    );
  } finally {
    for (const end of ends) end.kill('SIGKILL');
    await agent.stop();
  }
}

async function idle(agent: RealAgent, seconds: number, interrupted: AbortSignal): Promise<Record<keyof typeof agentFigures, number>> {
  await pause(settledMs, undefined, { signal: interrupted });
  const before = cpuSeconds(agent.pid);
  const began = performance.now();
  let resident = 0;
  while (performance.now() - began < seconds * 1000) {
    await pause(1000, undefined, { signal: interrupted });
    resident = Math.max(resident, residentMiB(agent.pid).now);
  }
  const cpu = (100 * (cpuSeconds(agent.pid) - before)) / ((performance.now() - began) / 1000);
  return { agent_rss: resident, agent_cpu: cpu, agent_connections: (agent.report?.joinedSockets ?? 0) / 2 };
}
