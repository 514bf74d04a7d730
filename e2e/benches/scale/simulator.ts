// A process with several hundred simulated agents; the benchmark tells it what to do over the IPC channel between parent and child.
import { createSecureContext } from 'node:tls';
import { limitConnecting } from '../../../operator/protocol';
import { decodeFromController } from '../../../operator/protocol/wire';
import { namespaceReport } from '../../stand/api/testAgent';
import { monotonicMs } from './clock';
import { SimulatedAgent, type SimulatedAgentOptions } from './simulatedAgent';
import type { AgentPlan, Contact, FromSimulator, ToSimulator } from './words';

/** Agents look at their counters once a second; the agents are spread over this many moments of the second. */
const slots = 20;
/** A kubelet renews a token of ten minutes after eight minutes. */
const renewalMs = 480_000;
/** The average time between two changes of a probe. */
const probeMs = 1500;
/** The open connections of a probe: more than in any other namespace, because the status lists the namespaces with the most. */
const probeOpen = 100_000;

class Simulator {
  private readonly agents: SimulatedAgent[] = [];
  private readonly servedAt: (number | undefined)[] = [];
  private readonly orders = new Map<number, number[]>();
  private readonly timers: NodeJS.Timeout[] = [];
  private told = '';

  take(word: ToSimulator): void {
    if (word.do === 'begin') this.begin(word.contact, word.agents, word.spreadMs);
    else if (word.do === 'pod') this.pod(word.agent, word.namespace, word.change);
    else if (word.do === 'probe') this.probing = word.on;
    else this.end();
  }

  private probing = false;
  private second = 0;
  private reportSeconds = 1;

  private begin({ ca, ...contact }: Contact, plans: readonly AgentPlan[], spreadMs: number): void {
    const secureContext = createSecureContext({ ca });
    for (const [place, plan] of plans.entries()) {
      this.servedAt.push(undefined);
      this.agents.push(this.agent({ ...contact, secureContext }, plan, place));
    }
    for (const [place, agent] of this.agents.entries()) setTimeout(() => agent.connect(), (spreadMs * place) / this.agents.length);
    let slot = 0;
    this.timers.push(setInterval(() => this.tick((slot = (slot + 1) % slots)), 1000 / slots));
    this.timers.push(setInterval(() => this.tellServed(), 100));
    this.timers.push(setInterval(() => this.agents[Math.floor(Math.random() * this.agents.length)]?.renew(), renewalMs / this.agents.length));
    for (const [place, { probe }] of plans.entries()) if (probe !== undefined) this.probe(place, probe);
  }

  private agent(
    contact: Pick<SimulatedAgentOptions, 'port' | 'serverName' | 'secureContext'>,
    { token, namespaces, probe }: AgentPlan,
    place: number,
  ): SimulatedAgent {
    const all = new Map(
      namespaces.map((name) => [
        name,
        namespaceReport(name, {
          podsSelected: 2,
          podsAccelerated: 2,
          open: 40,
          accelerated: 38,
          reasons: [{ reason: 'PeerElsewhere', connections: 2 }],
          fastBytes: 1e9,
          tcpBytes: 1e7,
        }),
      ]),
    );
    if (probe !== undefined) all.set(probe, namespaceReport(probe, { open: probeOpen, accelerated: probeOpen }));
    const options = {
      ...contact,
      token,
      onOrder: (revision: number, message: Buffer) => this.ordered(revision, message),
      onState: (served: boolean) => void (this.servedAt[place] = served ? monotonicMs() : undefined),
    };
    return new SimulatedAgent(options, all);
  }

  /** Adds traffic at the agents of this slot. Each of them reports every `reportSeconds` seconds, as the order says. */
  private tick(slot: number): void {
    if (slot === 0) this.second += 1;
    for (let place = slot; place < this.agents.length; place += slots)
      this.agents[place]?.traffic((this.second + Math.floor(place / slots)) % this.reportSeconds === 0);
  }

  private pod(place: number, name: string, change: 1 | -1): void {
    this.agents[place]?.change(name, ({ podsSelected, podsAccelerated, open, accelerated, ...rest }) => ({
      ...rest,
      podsSelected: podsSelected + change,
      podsAccelerated: podsAccelerated + change,
      open: open + 20 * change,
      accelerated: accelerated + 20 * change,
    }));
  }

  private probe(place: number, namespace: string): void {
    const next = (): void => {
      this.timers.push(setTimeout(next, probeMs * (0.5 + Math.random())));
      if (!this.probing || this.servedAt[place] === undefined) return;
      const at = Math.ceil(monotonicMs());
      this.agents[place]?.change(namespace, (report) => ({ ...report, podsSelected: 3 - report.podsSelected, tcpBytes: at }));
      tell({ told: 'probe', namespace, at });
    };
    next();
  }

  private ordered(revision: number, message: Buffer): void {
    const known = this.orders.get(revision);
    // All agents get the same order, so it is decoded once.
    if (known === undefined) this.reportSeconds = reportSecondsOf(message);
    const times = known ?? [];
    times.push(monotonicMs());
    this.orders.set(revision, times);
    if (times.length === this.agents.length) tell({ told: 'order', revision, times });
  }

  private tellServed(): void {
    const times = this.servedAt.filter((at) => at !== undefined);
    const news = `${times.length} ${Math.max(0, ...times)}`;
    if (news === this.told) return;
    this.told = news;
    tell({ told: 'served', times });
  }

  private end(): void {
    for (const timer of this.timers) clearTimeout(timer);
    for (const agent of this.agents) agent.close();
    process.disconnect();
  }
}

function reportSecondsOf(message: Buffer): number {
  const incoming = decodeFromController(message);
  return incoming.ok && incoming.value.message === 'order' ? Math.max(1, incoming.value.order.reportSeconds) : 1;
}

function tell(word: FromSimulator): void {
  process.send?.(word);
}

limitConnecting();
const simulator = new Simulator();
process.on('message', (word: ToSimulator) => simulator.take(word));
// When the benchmark has ended, its simulators end too.
process.on('disconnect', () => process.exit(0));
// Control-C reaches the whole process group. Simulators ignore it: the benchmark tells them when to end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
