// Carries out a rollout: observes, decides, stores the state, creates events, and then replaces agents. The controller may die after any of
// these, and the next controller goes on from the stored state.
import type { RolloutStatus, Spec } from '../../api';
import { ApiError, isNotFound, type KubeClient } from '../../kube';
import type { Order } from '../../protocol';
import type { AgentState } from '../agents/agentState';
import type { PodTemplate } from '../render';
import type { KubePod } from './agentPod';
import { type EventWriter, type Regarding } from './eventWriter';
import { untold } from './events';
import type { KubeNode } from './kubeNode';
import type { MemoryStore, RolloutRecord } from './memoryStore';
import { observe } from './observe';
import { measureOf, policyOf } from './specPolicy';
import { statusOf } from './statusOf';
import { step } from './step';

/** The cached objects that a rollout reads. */
export interface Fleet {
  kubeNodes(): readonly KubeNode[];
  agentPods(): readonly KubePod[];
  /** The DaemonSet's template; `settled` is true when the DaemonSet controller has observed it. */
  currentTemplate(): { readonly revision: string; readonly template: PodTemplate; readonly settled: boolean } | undefined;
}

export interface RolloutParts {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly fleet: Fleet;
  readonly agents: () => readonly AgentState[];
  readonly memory: MemoryStore;
  readonly events: EventWriter;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Asked {
  readonly spec: Spec;
  readonly order: Order;
  /** Revision of the newest order that every agent has had the time to apply. */
  readonly due: number;
  /** Reference to the resource. */
  readonly owner: Regarding;
  /** The template for the resource. */
  readonly wanted: { readonly revision: string; readonly template: PodTemplate };
}

export interface Plan {
  /** The revision and template that the DaemonSet must have now. */
  readonly revision: string;
  readonly template: PodTemplate;
  readonly status: RolloutStatus;
  /** Milliseconds until the passing of time alone can change the plan; undefined when it cannot. */
  readonly againMs: number | undefined;
}

/** Milliseconds for which a new leader waits for agents of ready pods to reconnect, before it decides without their reports. */
const comeBackMs = 60_000;
/** Shortest time between two decisions in milliseconds: deciding about thousands of nodes for every report would take all the time. */
const lookEveryMs = 1000;
const deletesAtATime = 10;

export class Rollout {
  private readonly lookingSince: number;
  private readonly lastFine = new Map<string, number>();
  private replace: readonly KubePod[] = [];
  private last: { readonly at: number; readonly asked: string; readonly plan: Plan } | undefined;

  constructor(private readonly parts: RolloutParts) {
    this.lookingSince = parts.now();
  }

  /** Decides the next step and stores it; undefined while too few agents have reported to decide. @throws ApiError */
  async plan(asked: Asked): Promise<Plan | undefined> {
    const now = this.parts.now();
    const question = JSON.stringify([asked.wanted.revision, asked.spec, asked.owner.uid]);
    if (this.last?.asked === question && now >= this.last.at && now - this.last.at < lookEveryMs) return { ...this.last.plan, againMs: lookEveryMs };
    const plan = await this.look(asked, now);
    this.last = plan === undefined ? undefined : { at: now, asked: question, plan };
    return plan;
  }

  /**
   * Deletes the pods whose turn it is, once the DaemonSet creates new ones by the plan's template.
   * @returns names of their nodes
   * @throws ApiError
   */
  async carryOut({ revision }: Plan): Promise<string[]> {
    const current = this.parts.fleet.currentTemplate();
    if (current?.settled !== true || current.revision !== revision) return [];
    const { replace } = this;
    this.replace = [];
    for (let first = 0; first < replace.length; first += deletesAtATime) {
      await Promise.all(replace.slice(first, first + deletesAtATime).map((pod) => this.delete(pod)));
    }
    return replace.map(({ node }) => node);
  }

  /** Deletes the stored state, when the resource is deleted. @throws ApiError */
  forget(): Promise<void> {
    this.last = undefined;
    return this.parts.memory.forget();
  }

  private async look({ spec, order, due, owner, wanted }: Asked, now: number): Promise<Plan | undefined> {
    const { fleet, memory: store } = this.parts;
    const kubeNodes = fleet.kubeNodes();
    const pods = fleet.agentPods();
    const nodes = observe({
      spec,
      order,
      due,
      nodes: kubeNodes,
      pods,
      agents: this.parts.agents(),
      lastFine: this.lastFine,
      lookingSince: this.lookingSince,
    });
    const unheard = nodes.some(({ aside, pod }) => aside === undefined && pod?.ready === true && pod.report === undefined);
    if (unheard && now - this.lookingSince < comeBackMs) return undefined;
    const policy = policyOf(spec, kubeNodes);
    const current = fleet.currentTemplate();
    const record = await store.load(owner.uid);
    const taken = step({
      wanted: wanted.revision,
      current: current?.revision,
      nodes,
      policy,
      measure: measureOf(spec),
      memory: record?.memory,
      lookingSince: this.lookingSince,
      now,
    });
    for (const name of taken.fine) this.lastFine.set(name, now);
    const known = record?.memory.startedAt === taken.memory.startedAt;
    const told = known ? record.told : [];
    const events = untold(taken, policy, told);
    const templates = this.templates(taken.memory, wanted, record, current);
    const remember = (reasons: readonly string[]): Promise<void> =>
      store.save({ resource: owner.uid, memory: taken.memory, templates, told: [...reasons] }, owner);
    // The name of an event contains the start of the rollout. So the start must be stored first: if the controller died in between, the next one
    // would store another start and create the event again.
    if (!known && events.length > 0) await remember(told);
    for (const event of events) await this.parts.events.tell(owner, `${taken.memory.wanted}/${taken.memory.startedAt}`, event);
    await remember([...told, ...events.map(({ reason }) => reason)]);
    const turn = new Set(taken.replace);
    this.replace = pods.filter(({ node, ours, leaving }) => ours && !leaving && turn.has(node));
    return {
      revision: taken.revision,
      template: templates[taken.revision] ?? wanted.template,
      status: statusOf({ step: taken, nodes, policy, now }),
      againMs: taken.againMs,
    };
  }

  /** Templates of the wanted revision and of the one to which a rollback returns. */
  private templates(
    { proven }: RolloutRecord['memory'],
    wanted: Asked['wanted'],
    record: RolloutRecord | undefined,
    current: ReturnType<Fleet['currentTemplate']>,
  ): Record<string, PodTemplate> {
    const known: Record<string, PodTemplate> = { ...(current === undefined ? {} : { [current.revision]: current.template }), ...record?.templates };
    const former = proven === undefined ? undefined : known[proven];
    return { ...(proven === undefined || former === undefined ? {} : { [proven]: former }), [wanted.revision]: wanted.template };
  }

  /** Deletes this pod and not a newer one of the same name. */
  private async delete({ metadata: { name }, uid }: KubePod): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } };
    try {
      await this.parts.client.request('DELETE', `/api/v1/namespaces/${this.parts.namespace}/pods/${name}`, { body });
    } catch (error) {
      if (!isNotFound(error) && !(error instanceof ApiError && error.code === 409)) throw error;
    }
  }
}
