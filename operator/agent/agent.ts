// The agent of a node: passes the runtime's pods and the controller's orders to the node's reconciler, and reports the state of the node.
// Each method of the class handles one kind of event.
import type { Server } from 'node:http';
import { machine, release } from 'node:os';
import { controllerName, productVersion } from '../api';
import { type HealthServer, type Log, serveHealth } from '../process';
import { abilities, type AgentClient, connectAgent, type Hello, type Order, type Report, type Watch } from '../protocol';
import type { Cri } from './cri/client';
import { findCri } from './cri/find';
import { type NetnsOf, netnsReader } from './cri/netns';
import { PodWatch } from './cri/pods';
import type { LocalPod } from './cri/sandbox';
import type { Datapath, Leftovers, OpenOptions } from './datapath/contract';
import type { Environment } from './environment';
import { type Host, realHost } from './host';
import { serveConnections } from './inspector';
import { LiveReader } from './live/read';
import { LiveWatches } from './live/watches';
import { createMetrics } from './metrics';
import { NodeReconciler } from './nodeReconciler';
import { DatapathOpener } from './opener';
import { buildReport, Reporter } from './report';

const tickMs = 1000;
/** The process is not alive any more when no second's work has been done for this long, in milliseconds. */
const stuckMs = 60_000;

export interface AgentParts {
  readonly environment: Environment;
  readonly log: Log;
  readonly openDatapath: (options: OpenOptions) => Datapath;
  readonly leftovers: Leftovers;
  /** Version of the pinned maps that the object uses; 0 when the object cannot be read. */
  readonly mapAbi: number;
  /** An unexpected error, after which the process must end. */
  readonly onDefect: (error: unknown) => void;
  /** Number of warnings of libbpf and the datapath since the process began. */
  readonly warnings: () => number;
  readonly host?: Host;
  readonly netnsOf?: NetnsOf;
}

/** Starts an agent. @throws Error (rejection) when a port is in use; problems of the node and of the controller are reported, not thrown */
export async function startAgent(parts: AgentParts): Promise<Agent> {
  const agent = new Agent(parts);
  await agent.start();
  return agent;
}

export class Agent {
  private readonly node: NodeReconciler;
  private readonly reporter: Reporter;
  private readonly live: LiveWatches;
  private readonly cri: Cri;
  private readonly podWatch: PodWatch;
  private health: HealthServer | undefined;
  private inspector: Server | undefined;
  private client: AgentClient | undefined;
  private ticker: NodeJS.Timeout | undefined;

  private pods: readonly LocalPod[] = [];
  private report: Report;
  private connected = false;
  /** Failed and invalid answers of the container runtime. */
  private runtimeErrors = 0;
  private tickedAt = performance.now();

  constructor(private readonly parts: AgentParts) {
    const { environment, host = realHost, openDatapath, leftovers, netnsOf = netnsReader(), onDefect } = parts;
    const now = (): number => performance.now();
    const { pins, object } = environment;
    this.node = new NodeReconciler(new DatapathOpener({ host, pins, object, open: openDatapath, leftovers, now }), now);
    this.report = this.currentReport();
    this.reporter = new Reporter((report) => this.client?.send(report), now);
    this.live = new LiveWatches({
      reader: new LiveReader(() => this.node.describer, now),
      pods: () => this.pods,
      send: (watched, done) => this.client?.answer(watched, done),
      now,
      onDefect,
    });
    this.cri = findCri({ hostRoot: environment.hostRoot, socket: environment.criSocket, podUid: environment.podUid });
    this.podWatch = new PodWatch({
      cri: this.cri,
      netnsOf,
      onPods: (pods) => this.guard(() => this.podsChanged(pods)),
      onReachable: (problem) => this.guard(() => this.runtimeChanged(problem)),
      onOddity: (what) => this.runtimeErred(what),
    });
  }

  /** Port of probes and metrics. */
  get healthPort(): number {
    return this.health?.port ?? 0;
  }

  async start(): Promise<void> {
    const { environment, mapAbi, onDefect } = this.parts;
    const metrics = createMetrics({ report: () => this.report, connected: () => this.connected });
    const alive = (): boolean => performance.now() - this.tickedAt < stuckMs;
    this.health = await serveHealth(environment.healthPort, { alive, unready: () => this.unready(), metrics });
    this.inspector = await serveConnections(environment.inspector, (limit) => this.node.connections(limit));
    const hello: Hello = { agentVersion: productVersion(), kernel: release(), architecture: machine(), mapAbi, ...abilities };
    this.client = connectAgent({
      address: environment.controllerAddress,
      caFile: environment.caFile,
      tokenFile: environment.tokenFile,
      serverName: controllerName,
      hello: () => hello,
      onOrder: (order) => this.orderReceived(order),
      onWatch: (watch) => this.watchReceived(watch),
      onState: (connected, reason) => this.connectionChanged(connected, reason),
      onDefect,
    });
    this.ticker = setInterval(() => this.guard(() => this.secondPassed()), tickMs);
    this.podWatch.run().catch(onDefect);
    this.guard(() => this.reconcile());
  }

  /** Ends the work of the process; programs and maps in the kernel go on. */
  async close(): Promise<void> {
    clearInterval(this.ticker);
    this.podWatch.stop();
    this.live.end();
    await this.client?.close();
    this.cri.close();
    this.health?.close();
    this.inspector?.close();
    this.node.close();
  }

  /** The list of the node's pods has changed. */
  private podsChanged(pods: readonly LocalPod[]): void {
    const [before, after] = [new Set(this.pods.map(nameOf)), new Set(pods.map(nameOf))];
    const [added, removed] = [[...after].filter((name) => !before.has(name)), [...before].filter((name) => !after.has(name))];
    if (added.length + removed.length > 0) this.parts.log.info('the pods of the node have changed', { added, removed });
    this.pods = pods;
    this.node.setPods(pods);
    this.reconcile();
  }

  /** The container runtime began to answer, or stopped to, for the reason `problem`. */
  private runtimeChanged(problem: string | undefined): void {
    if (problem === undefined) this.parts.log.info('the container runtime answers', { socket: this.cri.socket });
    else this.runtimeErred(problem);
    this.node.setRuntimeProblem(problem);
    this.reconcile();
  }

  /** An answer of the container runtime failed or was invalid. */
  private runtimeErred(what: string): void {
    this.runtimeErrors += 1;
    this.parts.log.warn(what);
  }

  /** The controller has sent an order. */
  private orderReceived(order: Order): void {
    const { revision, mode, remove, namespaces } = order;
    this.parts.log.info('received an order', { revision, mode, remove, namespaces: namespaces.length });
    this.reporter.pace(order.reportSeconds);
    this.node.setOrder(order);
    this.reconcile();
  }

  /** The controller asks for live data, or cancels that. */
  private watchReceived(watch: Watch): void {
    this.live.take(watch);
  }

  /** The stream to the controller has opened or ended. */
  private connectionChanged(connected: boolean, reason: string): void {
    this.connected = connected;
    if (!connected) this.live.end();
    this.parts.log.log(connected ? 'info' : 'warn', reason);
  }

  /** A second has passed since the last time. */
  private secondPassed(): void {
    this.podWatch.prune();
    this.node.scan();
    this.reconcile();
    this.live.tick();
  }

  private reconcile(): void {
    this.node.reconcile();
    this.report = this.currentReport();
    if (this.node.settled) this.reporter.offer(this.report);
    this.tickedAt = performance.now();
  }

  private currentReport(): Report {
    return buildReport(this.node.state(), this.runtimeErrors + this.parts.warnings());
  }

  /** Why the agent is not ready; undefined when it is. A node that cannot accelerate counts as ready, since there is nothing to wait for. */
  private unready(): string | undefined {
    if (this.node.isOpen || this.report.released) return undefined;
    if (!this.connected) return 'the agent is not connected to the controller yet';
    return this.report.problems.length > 0 ? undefined : 'the controller has not sent an order yet';
  }

  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.parts.onDefect(error);
    }
  }
}

function nameOf({ namespace, name }: LocalPod): string {
  return `${namespace}/${name}`;
}
