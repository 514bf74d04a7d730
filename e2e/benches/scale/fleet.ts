// All simulated agents, several hundred in a process: starts the processes, tells them what to do, and collects what their agents have seen.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { waitFor } from '../../stand/support/waitFor';
import { checkout } from '../../../release/tools/paths';
import type { AgentPlan, Contact, FromSimulator, ToSimulator } from './words';

const agentsPerProcess = 500;

interface Simulator {
  readonly child: ChildProcess;
  served: readonly number[];
}

/** The moment (monotonic ms) at which a probe's report was sent; the report itself contains it. */
export interface ProbeChange {
  readonly namespace: string;
  readonly at: number;
}

export class Fleet {
  /** Every change of a probe so far. */
  readonly probeChanges: ProbeChange[] = [];
  private readonly simulators: Simulator[] = [];
  /** Revision → when each agent got that order; a list for each simulator whose agents all have it. */
  private readonly orders = new Map<number, number[][]>();

  private constructor(readonly agents: readonly AgentPlan[]) {}

  /** Starts to connect all agents, spread over this time. Does not wait until they are served. */
  static begin(contact: Contact, agents: readonly AgentPlan[], spreadMs: number): Fleet {
    const fleet = new Fleet(agents);
    for (let from = 0; from < agents.length; from += agentsPerProcess) {
      fleet.start({ do: 'begin', contact, agents: agents.slice(from, from + agentsPerProcess), spreadMs });
    }
    return fleet;
  }

  /** For each agent that is served now, when the controller accepted its stream (monotonic ms). */
  get served(): number[] {
    return this.simulators.flatMap(({ served }) => served);
  }

  /** Waits until all agents are served by a stream accepted after `since`. Returns when each was accepted. @throws when an agent is too late */
  allServed(timeoutMs: number, since = 0): Promise<number[]> {
    const look = (): number[] | undefined => {
      this.check();
      const times = this.served.filter((at) => at > since);
      return times.length === this.agents.length ? times : undefined;
    };
    return waitFor(`${this.agents.length} agents to be served`, look, { timeoutMs, everyMs: 50 }).catch((error: unknown) => {
      throw new Error(`${String(error)}; ${this.served.length} agents are served`);
    });
  }

  /** Waits until all agents have an order with a revision above `after`. Returns when each agent got the first such order. */
  async allOrdered(after: number, timeoutMs: number): Promise<{ revision: number; times: number[] }> {
    const look = (): { revision: number; times: number[] } | undefined => {
      this.check();
      const found = [...this.orders].find(([revision, parts]) => revision > after && parts.length === this.simulators.length);
      return found === undefined ? undefined : { revision: found[0], times: found[1].flat() };
    };
    return waitFor(`all agents to have an order after ${after}`, look, { timeoutMs, everyMs: 20 });
  }

  pod(agent: number, namespace: string, change: 1 | -1): void {
    this.simulators[Math.floor(agent / agentsPerProcess)]?.child.send({
      do: 'pod',
      agent: agent % agentsPerProcess,
      namespace,
      change,
    } satisfies ToSimulator);
  }

  probe(on: boolean): void {
    for (const { child } of this.simulators) child.send({ do: 'probe', on } satisfies ToSimulator);
  }

  async end(): Promise<void> {
    await Promise.all(
      this.simulators.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        if (child.connected) child.send({ do: 'end' } satisfies ToSimulator);
        const kill = setTimeout(() => child.kill('SIGKILL'), 5000);
        await exit;
        clearTimeout(kill);
      }),
    );
  }

  /** The process ids of the simulators. */
  get pids(): number[] {
    return this.simulators.flatMap(({ child }) => (child.pid === undefined ? [] : [child.pid]));
  }

  private start(begin: ToSimulator): void {
    const child = fork(join(__dirname, 'simulator.ts'), [], {
      cwd: checkout,
      execArgv: ['-r', 'ts-node/register/transpile-only'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const simulator: Simulator = { child, served: [] };
    this.simulators.push(simulator);
    child.on('message', (word: FromSimulator) => this.hear(simulator, word));
    child.send(begin);
  }

  private hear(simulator: Simulator, word: FromSimulator): void {
    if (word.told === 'served') simulator.served = word.times;
    else if (word.told === 'probe') this.probeChanges.push({ namespace: word.namespace, at: word.at });
    else this.orders.set(word.revision, [...(this.orders.get(word.revision) ?? []), [...word.times]]);
  }

  private check(): void {
    const lost = this.simulators.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (lost !== undefined) throw new Error(`a simulator has ended by itself: ${lost.child.exitCode ?? lost.child.signalCode}`);
  }
}
