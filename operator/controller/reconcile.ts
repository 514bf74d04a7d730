// One pass over the resource: read → render and apply → order → status. Safe to run again at any time.
import { apiVersion, finalizer, kind, spec as specSchema, type Spec, type Status } from '../api';
import type { KubeClient } from '../kube';
import type { Order } from '../protocol';
import { aggregate, type Aggregate } from './status/aggregate';
import { type Cluster, specOf, statusOfStored, type StoredResource } from './cluster/cluster';
import { conditionsOf } from './status/conditions';
import { patienceMs, release, setFinalizer } from './finalizing';
import type { Installation } from './cluster/installation';
import { namespacesLeftOut, orderOf, type OrderBook, selectedNamespaces } from './agents/orders';
import { agentTemplate, type RenderInput } from './render';
import { leftOut, type Rollout } from './rollout';
import type { AgentSessions } from './channel/sessions';
import { rolloutOf, statusOf } from './status/statusValue';
import type { StatusWriter } from './status/statusWriter';

/** What agents are rendered with beside the spec. */
export type AgentSurroundings = Omit<RenderInput, 'spec' | 'owner'>;

export interface ReconcilerParts {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly installation: Installation;
  readonly rollout: Rollout;
  readonly orders: OrderBook;
  readonly sessions: AgentSessions;
  readonly status: StatusWriter;
  readonly surroundings: () => AgentSurroundings;
  readonly clock: { readonly monotonicMs: () => number; readonly date: () => Date };
}

export type PassLog = (level: 'info' | 'warn' | 'error', message: string) => void;
export type PassResult = { requeueAfterMs?: number };

const drainPollMs = 500;
/** The rollout waits for agents to come back to this controller. */
const undecidedMs = 1000;
/** Without any event: time alone turns a missing agent from progress into damage. */
const rereadMs = 10_000;
/** After a change of leader the agents come back within some seconds; until then the status of before is the best there is. */
const settleMs = 15_000;
const settlePollMs = 500;

export class Reconciler {
  /** Of the last spec that could be read. */
  private selected: readonly string[] = [];
  /** How far the newest revision of the agents is; undefined until this controller has looked. */
  private rollout: Status['rollout'];
  private knownNodes = 0;
  private removalStarted: { readonly uid: string; readonly at: number } | undefined;

  private readonly began: number;

  constructor(private readonly parts: ReconcilerParts) {
    this.began = parts.clock.monotonicMs();
  }

  async reconcile(log: PassLog): Promise<PassResult> {
    const resource = this.parts.cluster.resource();
    if (resource === undefined) return {};
    const parsed = specOf(resource);
    if (resource.metadata.deletionTimestamp !== undefined) return this.finalize(resource, parsed.ok ? parsed.spec : undefined, log);
    if (!parsed.ok) return this.report(resource, { reason: 'InvalidSpec', message: parsed.message });
    await setFinalizer(this.parts.client, resource, true);
    this.selected = selectedNamespaces(parsed.spec, this.parts.cluster.labelledNamespaces(), this.parts.surroundings().namespace);
    // An order waits for nothing: it reaches the agents that are there, whatever becomes of them.
    this.give(orderOf(parsed.spec, this.selected, false, this.nodes()), log);
    const againMs = await this.rollOut(resource, parsed.spec, log);
    const { requeueAfterMs } = await this.report(resource, namespacesLeftOut(this.selected));
    return { requeueAfterMs: Math.min(againMs, requeueAfterMs ?? againMs) };
  }

  /** Brings the agents nearer to what the resource asks for; returns when to look again, in milliseconds. */
  private async rollOut(resource: StoredResource, spec: Spec, log: PassLog): Promise<number> {
    const { rollout, installation, cluster, orders: { current: order } } = this.parts;
    if (order === undefined) return undecidedMs;
    const input = this.input(resource, spec);
    const plan = await rollout.plan({ spec, order, owner: input.owner, wanted: agentTemplate(input) });
    if (plan === undefined) return undecidedMs;
    this.rollout = plan.status;
    if (await installation.ensure({ ...input, template: plan.template }, cluster.daemonSetGeneration())) log('info', `applied the agents at revision ${plan.revision}`);
    const replaced = await rollout.carryOut(plan);
    if (replaced.length > 0) log('info', `replacing the agents of ${replaced.length} nodes: ${replaced.slice(0, 5).join(', ')}; ${plan.status.message}`);
    return Math.min(plan.againMs ?? rereadMs, rereadMs);
  }

  /** As last known: while the DaemonSet is being changed nobody says, and that alone makes no new order. */
  private nodes(): number {
    this.knownNodes = this.parts.cluster.nodes()?.desired ?? this.knownNodes;
    return this.knownNodes;
  }

  private give(content: Omit<Order, 'revision'>, log: PassLog): void {
    const order = this.parts.orders.update(content);
    if (order === undefined) return;
    log('info', `order ${order.revision}: ${order.remove ? 'remove' : order.mode}, ${order.namespaces.length} namespaces`);
    this.parts.sessions.broadcast(order);
  }

  /** Agents drain and clean up first; then what was applied goes, and last the finalizer. */
  private async finalize(resource: StoredResource, spec: Spec | undefined, log: PassLog): Promise<PassResult> {
    const { uid, finalizers } = resource.metadata;
    if (!finalizers.includes(finalizer)) return {};
    const removable = spec ?? specSchema.parse({}); // names and paths of what was applied depend on nothing in it
    this.give(orderOf(removable, [], true, this.nodes()), log);
    if (this.removalStarted?.uid !== uid) this.removalStarted = { uid, at: this.parts.clock.monotonicMs() };
    const revision = this.parts.orders.current?.revision ?? 0;
    const waitedMs = this.parts.clock.monotonicMs() - this.removalStarted.at;
    if (this.isBlind(waitedMs)) return { requeueAfterMs: drainPollMs };
    const { done, abandoned, waitingFor } = release(this.parts.sessions.states(), this.parts.cluster.nodes()?.desired ?? 0, revision, waitedMs);
    if (!done) {
      log('info', `draining: waiting for ${waitingFor.slice(0, 5).join(', ')}`);
      await this.report(resource, undefined);
      return { requeueAfterMs: drainPollMs };
    }
    if (abandoned.length > 0) log('warn', `gave up waiting for ${abandoned.join(', ')}: a datapath that is left there stays on until the node reboots, or until the resource is applied and deleted again`);
    await this.parts.installation.withdraw(this.input(resource, removable));
    await this.parts.rollout.forget();
    this.rollout = undefined;
    await setFinalizer(this.parts.client, resource, false);
    log('info', 'everything is given back; the resource may go');
    return {};
  }

  /** True while it is not known yet how many nodes there are to wait for. */
  private isBlind(waitedMs: number): boolean {
    const { cluster } = this.parts;
    return cluster.nodes() === undefined && cluster.daemonSetGeneration() !== undefined && waitedMs < patienceMs;
  }

  private input(resource: StoredResource, spec: Spec): RenderInput {
    const owner = { apiVersion, kind, name: resource.metadata.name, uid: resource.metadata.uid };
    return { ...this.parts.surroundings(), spec, owner };
  }

  private async report(resource: StoredResource, problem: { readonly reason: string; readonly message: string } | undefined): Promise<PassResult> {
    const { status, cluster, sessions, orders, clock } = this.parts;
    const waitMs = status.waitMs();
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const { uid, generation, deletionTimestamp } = resource.metadata;
    const stored = statusOfStored(resource);
    const previous = status.current(uid, stored);
    const now = clock.date().toISOString();
    const order = orders.current;
    const nodes = cluster.nodes();
    if (problem === undefined && this.isSettling(previous, nodes?.desired)) return { requeueAfterMs: settlePollMs };
    const counted =
      order === undefined
        ? lastKnown(previous)
        : aggregate({ order, namespaces: this.selected, agents: sessions.states(), desiredNodes: nodes?.desired, ...this.nodesWithout(resource), previous, now });
    const rollout = rolloutOf(this.rollout, previous, generation);
    const conditions = conditionsOf({
      generation,
      nodes: counted.nodes,
      mode: order?.mode,
      rollout,
      problem,
      deleting: deletionTimestamp !== undefined,
      previous: previous?.conditions ?? [],
      now,
    });
    await status.write(uid, statusOf({ generation, counted, conditions, rollout }), stored);
    return { requeueAfterMs: rereadMs };
  }

  private nodesWithout(resource: StoredResource): Pick<Parameters<typeof aggregate>[0], 'notReady' | 'leftOut'> {
    const { cluster } = this.parts;
    const parsed = specOf(resource);
    const nodes = cluster.kubeNodes();
    return {
      notReady: nodes.filter(({ ready }) => ready === false).map(({ metadata }) => metadata.name),
      leftOut: parsed.ok ? leftOut(nodes, cluster.agentPods(), parsed.spec) : [],
    };
  }

  /** True while agents that a former leader counted are still to come back: without them the numbers would drop and rise again. */
  private isSettling(previous: Status | undefined, desired = previous?.nodes?.desired ?? 0): boolean {
    if (previous?.nodes === undefined || this.parts.clock.monotonicMs() - this.began >= settleMs) return false;
    return this.parts.sessions.states().filter(({ report, checked }) => report !== undefined && checked !== false).length < desired;
  }
}

function lastKnown(previous: Status | undefined): Partial<Aggregate> {
  if (previous === undefined) return {};
  const { nodes, connections, bytes, summary, namespaces, remainder } = previous;
  return { nodes, connections, bytes, summary, namespaces, remainder };
}
