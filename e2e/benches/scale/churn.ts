// Pods that come and go: real objects at the API server, which the simulated agents of their nodes then report.
import type { KubeClient } from '../../../operator/kube';
import { podOn } from '../../stand/api/controllerBench';
import type { Fleet } from './fleet';
import { nodeName, teamName } from './ground';

const everyMs = 100;
/** The number of pods that exist at a time: a pod is deleted when this many have come after it. */
const living = 300;

interface Pod {
  readonly agent: number;
  readonly namespace: string;
  readonly name: string;
}

export class Churn {
  private readonly pods: Pod[] = [];
  private readonly pending = new Set<Promise<unknown>>();
  private count = 0;
  private failure: unknown;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly admin: KubeClient,
    private readonly fleet: Fleet,
    private readonly namespaces: number,
    private readonly podsPerSecond: number,
  ) {}

  start(): void {
    const began = performance.now();
    const before = this.count;
    this.timer = setInterval(() => {
      const due = before + Math.floor(((performance.now() - began) / 1000) * this.podsPerSecond);
      // At most 50 requests are under way, so that a slow API server is not flooded.
      while (this.count < due && this.pending.size < 50) this.another();
    }, everyMs);
  }

  /** The number of pods that have come so far. */
  get came(): number {
    return this.count;
  }

  /** Stops the churn: no more pods come or go. @throws when a request has failed */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.pending);
    if (this.failure !== undefined) throw new Error(`making pods come and go: ${String(this.failure)}`);
  }

  private another(): void {
    const agent = Math.floor(Math.random() * this.fleet.agents.length);
    const pod: Pod = { agent, namespace: teamName(Math.floor(Math.random() * this.namespaces)), name: `app-${this.count++}` };
    this.pods.push(pod);
    this.follow(this.admin.request('POST', pathOf(pod), { body: podOn(nodeName(agent), pod.namespace, pod.name) }), pod, 1);
    const oldest = this.pods.length > living ? this.pods.shift() : undefined;
    if (oldest !== undefined)
      this.follow(this.admin.request('DELETE', `${pathOf(oldest)}/${oldest.name}`, { body: { gracePeriodSeconds: 0 } }), oldest, -1);
  }

  private follow(request: Promise<unknown>, { agent, namespace }: Pod, change: 1 | -1): void {
    const done = request.then(
      () => this.fleet.pod(agent, namespace, change),
      (error: unknown) => (this.failure ??= error),
    );
    this.pending.add(done);
    void done.finally(() => this.pending.delete(done));
  }
}

const pathOf = ({ namespace }: Pod): string => `/api/v1/namespaces/${namespace}/pods`;
