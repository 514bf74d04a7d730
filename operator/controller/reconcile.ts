// Reconciles the resource. A pass sets the finalizer, makes the order, rolls out the agents and writes the status; when the resource is being
// deleted it drains the nodes, deletes the agents and removes the finalizer. A pass may run again at any time.
import { apiVersion, finalizer, kind, oneLine, spec as specSchema, type Spec, type Status } from '../api';
import { errorLine } from '../base';
import { isInvalid, type KubeClient } from '../kube';
import type { Order } from '../protocol';
import { aggregate, type Aggregate } from './status/aggregate';
import { type Cluster, specOf, statusOfStored, type StoredResource } from './cluster/cluster';
import { conditionsOf, type ResourceProblem } from './status/conditions';
import { disconnectedTimeoutMs, release, setFinalizer } from './finalizing';
import type { Installation } from './cluster/installation';
import { namespacesLeftOut, orderOf, type OrderBook, selectedNamespaces } from './agents/orders';
import { agentTemplate, type RenderInput } from './render';
import { leftOut, type Rollout } from './rollout';
import type { AgentSessions } from './channel/sessions';
import { rolloutOf, statusOf } from './status/statusValue';
import type { StatusWriter } from './status/statusWriter';

/** The input of rendering apart from the spec and the owner. */
export type AgentSurroundings = Omit<RenderInput, 'spec' | 'owner'>;

export interface ReconcilerParts {
  readonly client: KubeClient;
  readonly cluster: Pick<Cluster, 'resource' | 'labelledNamespaces' | 'nodes' | 'daemonSetGeneration' | 'kubeNodes' | 'agentPods'>;
  readonly installation: Installation;
  readonly rollout: Pick<Rollout, 'plan' | 'carryOut' | 'forget'>;
  readonly orders: OrderBook;
  readonly sessions: Pick<AgentSessions, 'broadcast' | 'states'>;
  readonly status: StatusWriter;
  readonly surroundings: () => AgentSurroundings;
  readonly clock: { readonly monotonicMs: () => number; readonly date: () => Date };
}

export type PassLog = (level: 'info' | 'warn' | 'error', message: string) => void;
export type PassResult = { requeueAfterMs?: number };

/** Milliseconds between two passes while nodes are drained. */
const drainPollMs = 500;
/** Milliseconds until the next pass while the rollout cannot decide, because agents have not reconnected to this controller. */
const undecidedMs = 1000;
/** Milliseconds until the next pass without any event: conditions depend on the time. */
const rereadMs = 10_000;
/** Milliseconds after a change of leader for which the status of the former leader stays while agents reconnect. */
const settleMs = 15_000;
/** Milliseconds between two passes in that time. */
const settlePollMs = 500;

/**
 * Milliseconds after which objects that the API server has refused as invalid are tried again without a change of the spec: what an admission
 * policy allows may have changed. Every report of an agent causes a pass, and each would be a request in vain.
 */
const refusedAgainMs = 60_000;

export class Reconciler {
  /** Selected namespaces of the last valid spec. */
  private selected: readonly string[] = [];
  /** Progress of the rollout; undefined until this controller has decided. */
  private rollout: Status['rollout'];
  private knownNodes = 0;
  /** The last refusal of the agents' objects; `spec` names the resource and the generation that it is about. */
  private refused: { readonly spec: string; readonly at: number; readonly problem: ResourceProblem } | undefined;
  private removalStarted: { readonly uid: string; readonly at: number } | undefined;

  private readonly began: number;

  constructor(private readonly parts: ReconcilerParts) {
    this.began = parts.clock.monotonicMs();
  }

  /** One pass. @throws ApiError, after which the pass must be repeated */
  async reconcile(log: PassLog): Promise<PassResult> {
    const resource = this.parts.cluster.resource();
    if (resource === undefined) return {};
    const parsed = specOf(resource);
    if (resource.metadata.deletionTimestamp !== undefined) return this.finalize(resource, parsed.ok ? parsed.spec : undefined, log);
    if (!parsed.ok) return this.report(resource, { reason: 'InvalidSpec', message: parsed.message });
    await setFinalizer(this.parts.client, resource, true);
    this.selected = selectedNamespaces(parsed.spec, this.parts.cluster.labelledNamespaces(), this.parts.surroundings().namespace);
    // The order does not wait for the rollout: connected agents get it at once.
    this.give(orderOf(parsed.spec, this.selected, false, this.nodes()), log);
    const { againMs, problem } = await this.tryRollOut(resource, parsed.spec, log);
    const { requeueAfterMs } = await this.report(resource, problem ?? namespacesLeftOut(this.selected));
    return { requeueAfterMs: Math.min(againMs, requeueAfterMs ?? againMs) };
  }

  /**
   * Rolls the agents out. Some specs that the CRD allows make agents that the API server refuses. That is no error of this pass but a problem of
   * the resource, and only another spec solves it.
   * @throws ApiError
   */
  private async tryRollOut(resource: StoredResource, spec: Spec, log: PassLog): Promise<{ againMs: number; problem?: ResourceProblem }> {
    const { uid, generation } = resource.metadata;
    const about = `${uid}/${generation}`;
    const { refused } = this;
    const now = this.parts.clock.monotonicMs();
    if (refused?.spec === about && now - refused.at < refusedAgainMs) return { againMs: rereadMs, problem: refused.problem };
    try {
      const againMs = await this.rollOut(resource, spec, log);
      this.refused = undefined;
      return { againMs };
    } catch (error) {
      if (!isInvalid(error)) throw error;
      const message = oneLine(errorLine(error));
      const problem = { reason: 'AgentRejected', message, stops: true };
      if (refused?.spec !== about || refused.problem.message !== message) log('error', `the API server refuses the agents of this spec: ${message}`);
      this.refused = { spec: about, at: now, problem };
      return { againMs: rereadMs, problem };
    }
  }

  /** Applies the agents' objects and replaces the agents whose turn it is. @returns milliseconds until the next pass */
  private async rollOut(resource: StoredResource, spec: Spec, log: PassLog): Promise<number> {
    const {
      rollout,
      installation,
      cluster,
      orders: { current: order, due },
    } = this.parts;
    if (order === undefined || due === undefined) return undecidedMs;
    const input = this.input(resource, spec);
    const plan = await rollout.plan({ spec, order, due, owner: input.owner, wanted: agentTemplate(input) });
    if (plan === undefined) return undecidedMs;
    this.rollout = plan.status;
    if (await installation.ensure({ ...input, template: plan.template }, cluster.daemonSetGeneration()))
      log('info', `applied the agents at revision ${plan.revision}`);
    const replaced = await rollout.carryOut(plan);
    if (replaced.length > 0)
      log('info', `replacing the agents of ${replaced.length} nodes: ${replaced.slice(0, 5).join(', ')}; ${plan.status.message}`);
    return Math.min(plan.againMs ?? rereadMs, rereadMs);
  }

  /** Number of nodes as last known. While the DaemonSet changes it is not known, and that alone must not make a new order. */
  private nodes(): number {
    this.knownNodes = this.parts.cluster.nodes()?.desired ?? this.knownNodes;
    return this.knownNodes;
  }

  /** Makes the content the current order, and sends it if it is new. */
  private give(content: Omit<Order, 'revision'>, log: PassLog): void {
    const order = this.parts.orders.update(content);
    if (order === undefined) return;
    log('info', `order ${order.revision}: ${order.remove ? 'remove' : order.mode}, ${order.namespaces.length} namespaces`);
    this.parts.sessions.broadcast(order);
  }

  /** Deletion: agents drain their nodes and remove the datapath; then the agents' objects are deleted, and last the finalizer is removed. */
  private async finalize(resource: StoredResource, spec: Spec | undefined, log: PassLog): Promise<PassResult> {
    const { uid, finalizers } = resource.metadata;
    if (!finalizers.includes(finalizer)) return {};
    const removable = spec ?? specSchema.parse({}); // names and paths of the applied objects do not depend on the spec
    this.give(orderOf(removable, [], true, this.nodes()), log);
    if (this.removalStarted?.uid !== uid) this.removalStarted = { uid, at: this.parts.clock.monotonicMs() };
    const revision = this.parts.orders.current?.revision ?? 0;
    const waitedMs = this.parts.clock.monotonicMs() - this.removalStarted.at;
    if (this.isBlind(waitedMs)) return { requeueAfterMs: drainPollMs };
    const { done, abandoned, waitingFor } = release(this.parts.sessions.states(), this.parts.cluster.nodes()?.desired ?? 0, revision, waitedMs);
    if (!done) {
      log('info', `draining nodes: waiting for ${waitingFor.slice(0, 5).join(', ')}`);
      await this.report(resource, undefined);
      return { requeueAfterMs: drainPollMs };
    }
    if (abandoned.length > 0) {
      log(
        'warn',
        `gave up waiting for ${abandoned.join(', ')}: a datapath there stays until the node reboots, or the resource is applied and deleted again`,
      );
    }
    await this.parts.installation.withdraw(this.input(resource, removable));
    await this.parts.rollout.forget();
    this.rollout = undefined;
    await setFinalizer(this.parts.client, resource, false);
    log('info', 'the datapath is removed; the resource has no finalizer of this product any more');
    return {};
  }

  /** True while the number of nodes to wait for is not known yet. */
  private isBlind(waitedMs: number): boolean {
    const { cluster } = this.parts;
    return cluster.nodes() === undefined && cluster.daemonSetGeneration() !== undefined && waitedMs < disconnectedTimeoutMs;
  }

  private input(resource: StoredResource, spec: Spec): RenderInput {
    const owner = { apiVersion, kind, name: resource.metadata.name, uid: resource.metadata.uid };
    return { ...this.parts.surroundings(), spec, owner };
  }

  private async report(resource: StoredResource, problem: ResourceProblem | undefined): Promise<PassResult> {
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
        : aggregate({
            order,
            namespaces: this.selected,
            agents: sessions.states(),
            desiredNodes: nodes?.desired,
            ...this.nodesWithout(resource),
            previous,
            now,
          });
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

  /** True while agents that the former leader counted have not reconnected: without them the counters would drop and rise again. */
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
