// A rollout as the controller drives it: look, decide, remember, tell, and only then replace. Any of it may be the last thing a controller does.
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

/** What the rollout sees of the cluster, as it is cached. */
export interface Fleet {
  kubeNodes(): readonly KubeNode[];
  agentPods(): readonly KubePod[];
  /** The template that the DaemonSet has; `settled` once its controller works by it. */
  standing(): { readonly revision: string; readonly template: PodTemplate; readonly settled: boolean } | undefined;
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
  /** The resource. */
  readonly owner: Regarding;
  /** The template that it asks for. */
  readonly wanted: { readonly revision: string; readonly template: PodTemplate };
}

export interface Plan {
  /** What the DaemonSet is to have now. */
  readonly revision: string;
  readonly template: PodTemplate;
  readonly status: RolloutStatus;
  readonly againMs: number | undefined;
}

/** Agents of a ready pod come back to a new leader within this time; those that do not are judged without. */
const comeBackMs = 60_000;
/** Looking at thousands of nodes for every report would leave no time for anything else. */
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

  /** Decides what comes next and remembers it; undefined while too little is seen to decide anything. @throws ApiError */
  async plan(asked: Asked): Promise<Plan | undefined> {
    const now = this.parts.now();
    const question = JSON.stringify([asked.wanted.revision, asked.spec, asked.owner.uid]);
    if (this.last?.asked === question && now >= this.last.at && now - this.last.at < lookEveryMs) return { ...this.last.plan, againMs: lookEveryMs };
    const plan = await this.look(asked, now);
    this.last = plan === undefined ? undefined : { at: now, asked: question, plan };
    return plan;
  }

  /** Deletes the pods whose turn it is, once the DaemonSet makes new ones by the plan. @throws ApiError */
  async carryOut({ revision }: Plan): Promise<string[]> {
    const standing = this.parts.fleet.standing();
    if (standing?.settled !== true || standing.revision !== revision) return [];
    const { replace } = this;
    this.replace = [];
    for (let first = 0; first < replace.length; first += deletesAtATime) {
      await Promise.all(replace.slice(first, first + deletesAtATime).map((pod) => this.delete(pod)));
    }
    return replace.map(({ node }) => node);
  }

  /** The resource is gone, and with it what was remembered. */
  forget(): Promise<void> {
    this.last = undefined;
    return this.parts.memory.forget();
  }

  private async look({ spec, order, owner, wanted }: Asked, now: number): Promise<Plan | undefined> {
    const { fleet, memory: store } = this.parts;
    const kubeNodes = fleet.kubeNodes();
    const pods = fleet.agentPods();
    const nodes = observe({ spec, order, nodes: kubeNodes, pods, agents: this.parts.agents(), lastFine: this.lastFine, lookingSince: this.lookingSince });
    const unheard = nodes.some(({ aside, pod }) => aside === undefined && pod?.ready === true && pod.report === undefined);
    if (unheard && now - this.lookingSince < comeBackMs) return undefined;
    const policy = policyOf(spec, kubeNodes);
    const standing = fleet.standing();
    const record = await store.load(owner.uid);
    const taken = step({ wanted: wanted.revision, standing: standing?.revision, nodes, policy, measure: measureOf(spec), memory: record?.memory, lookingSince: this.lookingSince, now });
    for (const name of taken.fine) this.lastFine.set(name, now);
    const known = record?.memory.startedAt === taken.memory.startedAt;
    const told = known ? record.told : [];
    const events = untold(taken, policy, told);
    const templates = this.templates(taken.memory, wanted, record, standing);
    const remember = (reasons: readonly string[]): Promise<void> => store.save({ resource: owner.uid, memory: taken.memory, templates, told: [...reasons] }, owner);
    // Events are named by when the rollout began: a controller that dies between the two must not have told of it by a time that nobody remembers.
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

  /** Those that are wanted or could be gone back to. */
  private templates({ proven }: RolloutRecord['memory'], wanted: Asked['wanted'], record: RolloutRecord | undefined, standing: ReturnType<Fleet['standing']>): Record<string, PodTemplate> {
    const known: Record<string, PodTemplate> = { ...(standing === undefined ? {} : { [standing.revision]: standing.template }), ...record?.templates };
    const former = proven === undefined ? undefined : known[proven];
    return { ...(proven === undefined || former === undefined ? {} : { [proven]: former }), [wanted.revision]: wanted.template };
  }

  /** That very pod: one that has been replaced meanwhile stays. */
  private async delete({ metadata: { name }, uid }: KubePod): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } };
    try {
      await this.parts.client.request('DELETE', `/api/v1/namespaces/${this.parts.namespace}/pods/${name}`, { body });
    } catch (error) {
      if (!isNotFound(error) && !(error instanceof ApiError && error.code === 409)) throw error;
    }
  }
}
