// For tests: a fleet of nodes under a DaemonSet with OnDelete, whose agents behave as the test sets, and a controller that may die at any step.
import type { RolloutMemory } from './memory';
import type { AgentPod, RolloutNode } from './node';
import type { RolloutPolicy } from './policy';
import { type RolloutStep, step } from './step';

/** How the agent of a node behaves with a revision. */
export type Fate = 'well' | 'crashes' | 'never ready' | 'new problem' | 'slower' | 'hangs' | 'flaps';

export const policy: RolloutPolicy = {
  canary: { count: 2 },
  bakeMs: 60_000,
  maxUnavailable: 2,
  paused: false,
  onFailure: 'RollBack',
  thresholds: { wellWithinMs: 30_000, maxRestarts: 2, maxErrors: 10, shareKept: 0.5 },
};

export class Fleet {
  readonly nodes = new Map<string, RolloutNode>();
  now = 1_000_000;
  private lookingSince = this.now;
  /** The stored memory, which is all that a new controller knows. */
  memory: RolloutMemory | undefined;
  /** The revision of new pods. */
  template = 'v1';
  /** Names of the nodes whose agents were replaced, by any controller, in order. */
  readonly replaced: string[] = [];
  last: RolloutStep | undefined;
  /** Identifies the order under which shares are measured. */
  measure = 'orders';

  constructor(
    names: readonly string[],
    readonly policy: RolloutPolicy,
    /** Behaviour by revision and node. */
    private readonly fateOf: (revision: string, node: string) => Fate = () => 'well',
  ) {
    for (const name of names) this.join(name, this.now - 1);
  }

  /** Rolls out the first revision. */
  settle(): void {
    this.pass(this.template);
    this.advance(1000);
    this.pass(this.template);
  }

  /** One step of a controller. @param dies number of pods that it replaces before it dies */
  pass(wanted: string, changes: Partial<RolloutPolicy> = {}, dies = Number.POSITIVE_INFINITY): RolloutStep {
    const { template, memory, now } = this;
    const taken = step({
      wanted,
      current: template,
      nodes: [...this.nodes.values()],
      policy: { ...this.policy, ...changes },
      measure: this.measure,
      memory,
      lookingSince: this.lookingSince,
      now,
    });
    this.last = taken;
    for (const name of taken.fine) this.change(name, { judgedFrom: now });
    this.memory = structuredClone(taken.memory);
    if (dies === 0) return taken;
    this.template = taken.revision;
    for (const name of taken.replace.slice(0, dies)) {
      this.replaced.push(name);
      this.change(name, { pod: undefined });
    }
    return taken;
  }

  /** Moves time on: the DaemonSet creates missing pods, and agents behave by their fate. */
  advance(ms: number): void {
    this.now += ms;
    for (const { name, pod, aside } of [...this.nodes.values()]) {
      if (aside !== undefined) continue;
      if (pod === undefined) this.change(name, { pod: this.pod() });
      else this.change(name, { pod: this.aged(name, pod) });
    }
  }

  change(name: string, changes: Partial<RolloutNode>): void {
    const node = this.nodes.get(name);
    if (node !== undefined) this.nodes.set(name, { ...node, ...changes });
  }

  reach(name: string, reachable: boolean): void {
    const was = this.nodes.get(name);
    if (was !== undefined && (was.aside === undefined) !== reachable)
      this.change(name, { aside: reachable ? undefined : 'NodeNotReady', judgedFrom: this.now });
  }

  /** A node joins the cluster; the DaemonSet creates its pod from the current template. */
  join(name: string, joinedAt = this.now): void {
    this.nodes.set(name, { name, joinedAt, judgedFrom: this.now, aside: undefined, pod: this.pod() });
  }

  /** Another controller begins, which has not observed any node before. */
  restart(): void {
    this.lookingSince = this.now;
    for (const name of this.nodes.keys()) this.change(name, { judgedFrom: this.now });
  }

  on(revision: string): string[] {
    return [...this.nodes.values()]
      .filter(({ pod }) => pod?.revision === revision)
      .map(({ name }) => name)
      .sort();
  }

  private pod(): AgentPod {
    return { revision: this.template, createdAt: this.now, ready: false, restarts: 0, kills: 0, report: undefined };
  }

  private aged(name: string, pod: AgentPod): AgentPod {
    const well = { follows: true, problems: [], errors: 0, serves: true, shares: { shop: 0.9 }, alone: true };
    switch (this.fateOf(pod.revision, name)) {
      case 'well':
        return { ...pod, ready: true, report: well };
      case 'crashes':
        return { ...pod, restarts: pod.restarts + 1 };
      case 'hangs': // is restarted by the kubelet and then answers again
        return { ...pod, ready: true, kills: pod.kills + 1, report: well };
      case 'flaps':
        return (this.now - pod.createdAt) % 40_000 < 20_000 ? { ...pod, ready: true, report: well } : { ...pod, ready: false, report: undefined };
      case 'never ready':
        return pod;
      case 'new problem':
        return { ...pod, ready: true, report: { ...well, follows: false, problems: ['LoadRefused'] } };
      case 'slower':
        return { ...pod, ready: true, report: { ...well, shares: { shop: 0.1 } } };
    }
  }
}
