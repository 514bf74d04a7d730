// Nodes without kubelets under the real DaemonSet controller. This file does what scheduler, kubelets and agents would do.
import { join } from 'node:path';
import { z } from 'zod';
import { type NodeReason, nodeReasons, revisionLabel } from '../../../operator/api';
import { kubeClient, type KubeClient, loadKubeConfig, Reflector, WorkQueue } from '../../../operator/kube';
import type { NamespaceReport, Order, Report } from '../../../operator/protocol';
import { LongRunning } from '../support/childProcess';
import { type ControllerBench, podOn } from './controllerBench';
import { namespace } from './controllerProcess';
import { freePort } from '../support/freePort';
import { emptyReport, namespaceReport, TestAgent } from './testAgent';

/**
 * How an agent behaves. A node reason stands for an agent that reports it, because its node cannot accelerate. With two tenants the agent reports
 * a second namespace, `tenant`, of which the node must have a pod.
 */
export type Fate =
  | 'well'
  | 'crashes'
  | 'never ready'
  | 'silent'
  | 'accelerates little'
  | 'errs'
  | 'two tenants'
  | 'one tenant idle'
  | 'two tenants little'
  | NodeReason;

const pod = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()),
  }),
  spec: z.looseObject({
    nodeName: z.string().default(''),
    containers: z.array(z.looseObject({ image: z.string() })).min(1),
    affinity: z.looseObject({
      nodeAffinity: z.looseObject({
        requiredDuringSchedulingIgnoredDuringExecution: z.looseObject({
          nodeSelectorTerms: z.array(z.looseObject({ matchFields: z.array(z.looseObject({ values: z.array(z.string()) })).default([]) })),
        }),
      }),
    }),
  }),
});
type Pod = z.infer<typeof pod>;

export interface NodeOptions {
  readonly arch?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
}

const merge = 'application/merge-patch+json';
const crashEveryMs = 150;
const ends = 100;
/** Connection ends that a tenant opens and never uses. */
export const idleEnds = 250;

export class SimulatedFleet {
  private readonly client: KubeClient;
  private readonly queue = new WorkQueue();
  private readonly stopping = new AbortController();
  private readonly pods: Reflector<Pod>;
  private readonly agents = new Map<string, TestAgent>();
  private readonly crashes = new Map<string, NodeJS.Timeout>();
  private readonly running: Promise<unknown>;
  /** The uids of all agent pods that ever existed, by node and image. */
  private readonly made = new Map<string, Set<string>>();
  /** Errors of the simulation itself; a test fails when there are any. */
  readonly troubles: string[] = [];

  private constructor(
    private readonly bench: ControllerBench,
    private readonly manager: LongRunning,
    /** How the agent of this image behaves on this node. */
    private readonly fateOf: (node: string, image: string) => Fate,
  ) {
    this.client = kubeClient(loadKubeConfig(bench.server.kubeconfig));
    this.pods = new Reflector({
      client: this.client,
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { labelSelector: 'app.kubernetes.io/component=agent' },
      parse: (raw) => pod.parse(raw),
      onChange: (key) => this.queue.add(key),
    });
    const { signal } = this.stopping;
    const work = (key: string): Promise<void> => this.serve(key);
    this.running = Promise.all([
      this.pods.run(signal),
      this.queue.run({ concurrency: 8, signal, work, onError: (key, error) => this.troubles.push(`${key}: ${String(error)}`) }),
    ]);
  }

  static async start(bench: ControllerBench, fateOf: (node: string, image: string) => Fate): Promise<SimulatedFleet> {
    const { server, directory } = bench;
    const manager = new LongRunning(
      server.tools.path('kube-controller-manager'),
      [
        `--kubeconfig=${server.kubeconfig}`,
        '--controllers=daemonset-controller',
        '--leader-elect=false',
        '--bind-address=127.0.0.1',
        `--secure-port=${await freePort()}`,
        `--cert-dir=${join(directory, 'manager')}`,
      ],
      join(directory, 'kube-controller-manager.log'),
    );
    return new SimulatedFleet(bench, manager, fateOf);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    for (const timer of this.crashes.values()) clearInterval(timer);
    await Promise.all([...this.agents.values()].map((agent) => agent.close()));
    await this.manager.stop();
  }

  /** Adds a node that is Ready, with a pod of shop. */
  async addNode(name: string, { arch = 'amd64', labels = {}, taints = [] }: NodeOptions = {}): Promise<void> {
    const platform = { 'kubernetes.io/arch': arch, 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': name };
    await this.client.request('POST', '/api/v1/nodes', {
      body: { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { ...platform, ...labels } }, spec: { taints } },
    });
    // The API server taints a new node as not ready. The node lifecycle controller would remove the taint; it does not run here.
    await this.client.request('PATCH', `/api/v1/nodes/${name}`, { contentType: merge, body: { spec: { taints } } });
    await this.setReady(name, true);
    await this.client.request('POST', '/api/v1/namespaces/shop/pods', { body: podOn(name, 'shop', `app-on-${name}`) });
  }

  async setReady(name: string, ready: boolean): Promise<void> {
    const status = {
      conditions: [
        {
          type: 'Ready',
          status: ready ? 'True' : 'Unknown',
          reason: 'Simulated',
          message: '',
          lastTransitionTime: new Date().toISOString(),
          lastHeartbeatTime: new Date().toISOString(),
        },
      ],
    };
    await this.client.request('PATCH', `/api/v1/nodes/${name}/status`, { contentType: merge, body: { status } });
  }

  /** Removes the node and its pods. */
  async removeNode(name: string): Promise<void> {
    await this.client.request('DELETE', `/api/v1/nodes/${name}`);
    // The garbage collector of pods would delete the pod of shop; it does not run here.
    await this.client.request('DELETE', `/api/v1/namespaces/shop/pods/app-on-${name}`, {
      body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
    });
    for (const { metadata, spec } of this.pods.list()) if (spec.nodeName === name) await this.end(metadata.name);
  }

  /** The revision of the agent on each node. */
  revisions(): Record<string, string> {
    const serving = this.pods.list().filter(({ metadata, spec }) => spec.nodeName !== '' && metadata.deletionTimestamp === undefined);
    return Object.fromEntries(serving.map(({ metadata, spec }) => [spec.nodeName, metadata.labels[revisionLabel] ?? '']).sort());
  }

  /** The nodes whose agent runs this image. */
  on(image: string): string[] {
    return this.pods
      .list()
      .filter(({ metadata, spec }) => spec.containers[0]?.image === image && metadata.deletionTimestamp === undefined)
      .map(({ spec }) => spec.nodeName)
      .sort();
  }

  /** How many agent pods of this image were ever made, by node. */
  madeOf(image: string): Record<string, number> {
    return Object.fromEntries(
      [...this.made]
        .filter(([at]) => at.endsWith(` ${image}`))
        .map(([at, uids]) => [at.split(' ')[0] ?? '', uids.size])
        .sort(),
    );
  }

  private async serve(key: string): Promise<void> {
    const found = this.pods.get(key);
    if (found === undefined) return this.silence(key);
    const {
      metadata: { name, uid, deletionTimestamp },
      spec,
    } = found;
    const at = `${spec.nodeName} ${spec.containers[0]?.image}`;
    if (spec.nodeName !== '') this.made.set(at, (this.made.get(at) ?? new Set()).add(uid));
    if (deletionTimestamp !== undefined) {
      await this.silence(key);
      await this.end(name);
    } else if (spec.nodeName === '') await this.bind(found);
    else if (!this.agents.has(`${key}/${uid}`)) await this.run(key, found);
  }

  private async bind({ metadata: { name }, spec }: Pod): Promise<void> {
    const terms = spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
    const target = { apiVersion: 'v1', kind: 'Node', name: terms.flatMap(({ matchFields }) => matchFields)[0]?.values[0] };
    await this.client.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target },
    });
  }

  private async run(key: string, { metadata: { name, uid }, spec }: Pod): Promise<void> {
    const fate = this.fateOf(spec.nodeName, spec.containers[0]?.image ?? '');
    const id = `${key}/${uid}`;
    // Each restart changes the pod and so calls this function again; the restart count must not begin anew.
    if (this.crashes.has(id)) return;
    await this.say(name, fate !== 'crashes' && fate !== 'never ready', 0);
    if (fate === 'crashes') {
      let restarts = 0;
      this.crashes.set(
        id,
        setInterval(() => void this.say(name, false, ++restarts).catch(() => undefined), crashEveryMs),
      );
    }
    if (['crashes', 'never ready', 'silent'].includes(fate) || this.agents.has(id)) return;
    const agent = new TestAgent(await this.bench.endpoint(), await this.bench.podToken(name), this.bench.directory, (order) => reportOf(fate, order));
    this.agents.set(id, agent);
  }

  /** Writes the status of the pod as its kubelet would. */
  private async say(name: string, ready: boolean, restartCount: number): Promise<void> {
    const containerStatuses = [{ name: 'agent', ready, restartCount, image: '', imageID: '', started: ready, state: { running: {} } }];
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }], containerStatuses };
    await this.client.request('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, { contentType: merge, body: { status } });
  }

  private async silence(key: string): Promise<void> {
    for (const [id, timer] of this.crashes) {
      if (!id.startsWith(`${key}/`)) continue;
      clearInterval(timer);
      this.crashes.delete(id);
    }
    for (const [id, agent] of this.agents) {
      if (!id.startsWith(`${key}/`)) continue;
      this.agents.delete(id);
      await agent.close();
    }
  }

  private async end(name: string): Promise<void> {
    await this.client
      .request('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, { body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 } })
      .catch(() => undefined);
  }
}

function reportOf(fate: Fate, { revision, mode, remove }: Order): Report {
  const report = {
    ...emptyReport,
    appliedOrder: revision,
    released: remove,
    namespaces: remove ? [] : namespacesOf(fate, mode === 'Accelerate'),
  };
  switch (fate) {
    case 'errs':
      return { ...report, errors: 99 };
    case 'well':
    case 'accelerates little':
    case 'crashes':
    case 'never ready':
    case 'silent':
    case 'two tenants':
    case 'one tenant idle':
    case 'two tenants little':
      return report;
    default:
      return { ...report, appliedOrder: remove ? revision : 0, namespaces: [], problems: [{ reason: fate, message: nodeReasons[fate].means }] };
  }
}

function namespacesOf(fate: Fate, accelerates: boolean): NamespaceReport[] {
  const of = (name: string, accelerated: number, open = ends): NamespaceReport =>
    namespaceReport(name, { open, accelerated: accelerates ? accelerated : 0 });
  switch (fate) {
    case 'accelerates little':
      return [of('shop', 10)];
    case 'two tenants':
      return [of('shop', 90), of('tenant', 90)];
    case 'one tenant idle':
      return [of('shop', 90), { ...of('tenant', 0, idleEnds), reasons: [{ reason: 'Learning', connections: idleEnds }] }];
    case 'two tenants little':
      return [of('shop', 10), of('tenant', 10)];
    default:
      return [of('shop', 90)];
  }
}
