// The temporary namespace of a bench: creates it, makes load in it, and removes it.
import { z } from 'zod';
import { errorLine } from '../../base';
import { modeLabel, modeLabelOff } from '../../api';
import { ApiError, isNotFound, type RequestOptions } from '../../kube';
import type { Cluster } from '../cluster';
import { exitCode, Failure } from '../exit';
import { failureOf } from '../failure';
import type { Surroundings } from '../surroundings';
import { type LoadResult, loadResultOf } from './fortio';
import { httpPort, namespaceOf, podsOf, type BenchSpec, service, tcpPort } from './manifests';

export type BenchProtocol = 'tcp' | 'http';

export interface LoadPlan {
  readonly protocol: BenchProtocol;
  readonly seconds: number;
  readonly connections: number;
  readonly payloadBytes: number;
}

const pod = z.looseObject({
  spec: z
    .looseObject({ nodeName: z.string().default(''), containers: z.array(z.unknown()).default([]), initContainers: z.array(z.unknown()).default([]) })
    .prefault({}),
  status: z
    .looseObject({
      podIP: z.string().default(''),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') })).default([]),
      containerStatuses: z
        .array(z.looseObject({ state: z.looseObject({ waiting: z.looseObject({ reason: z.string().default('') }).optional() }).optional() }))
        .default([]),
    })
    .prefault({}),
});
const serviceObject = z.looseObject({ spec: z.looseObject({ clusterIP: z.string().min(1) }) });
const readyTimeoutMs = 180_000;
/** Reasons of a waiting container whose image the kubelet has failed to pull or never pulls. */
const pullFailures = ['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'];
/** A new namespace rejects pods until its default ServiceAccount exists. */
const admissionTimeoutMs = 30_000;

export class BenchNamespace {
  private host = '';

  constructor(
    private readonly cluster: Cluster,
    private readonly spec: BenchSpec,
    private readonly world: Pick<Surroundings, 'nextPoll' | 'now' | 'progress'>,
    private readonly stop: AbortSignal,
  ) {}

  private get base(): string {
    return `/api/v1/namespaces/${this.spec.namespace}`;
  }

  /** Creates the namespace, Service and pods, and waits until the pods are ready. @returns their node, and whether they have sidecars */
  async create(): Promise<{ readonly node: string; readonly sidecars: boolean }> {
    await this.ask('POST', '/api/v1/namespaces', `namespaces/${this.spec.namespace}`, { body: namespaceOf(this.spec) });
    const created = serviceObject.parse(await this.ask('POST', `${this.base}/services`, 'services/server', { body: service }));
    for (const each of podsOf(this.spec)) await this.until('a pod to be admitted', admissionTimeoutMs, () => this.admitted(each));
    await this.until('the pods of the bench to be ready', readyTimeoutMs, () => this.unready('server'));
    await this.until('the pods of the bench to be ready', readyTimeoutMs, () => this.unready('client'));
    const { spec } = await this.pod('client');
    const sidecars = spec.containers.length + spec.initContainers.length > 1;
    // A sidecar resolves the Service to the pod's address itself. Without sidecars the requests use the pod's address, because the
    // datapath would not know before the connection is open to which pod the cluster IP leads.
    const host = sidecars ? created.spec.clusterIP : (await this.pod('server')).status.podIP;
    this.host = host.includes(':') ? `[${host}]` : host;
    return { node: spec.nodeName, sidecars };
  }

  /** Includes or excludes the namespace by its label, without effect on other namespaces. @throws Failure */
  async setAcceleration(on: boolean): Promise<void> {
    await this.cluster.labelNamespace(this.spec.namespace, modeLabel, on ? null : modeLabelOff);
  }

  /** Makes the client send requests, by a request to fortio through the API server's pod proxy. @throws Failure */
  async load({ protocol, seconds, connections, payloadBytes }: LoadPlan): Promise<LoadResult> {
    const url = protocol === 'tcp' ? `tcp://${this.host}:${tcpPort}` : `http://${this.host}:${httpPort}/`;
    const query = { url, qps: '-1', t: `${seconds}s`, c: String(connections), p: '50,99', r: '0.00001', timeout: '10s' };
    const path = `${this.base}/pods/client:${httpPort}/proxy/fortio/rest/run`;
    const report = await this.ask('POST', path, 'pods/client/proxy', {
      query,
      body: { payload: 'x'.repeat(payloadBytes) },
      timeoutMs: seconds * 1000 + 60_000,
    });
    try {
      return loadResultOf(report);
    } catch (error) {
      throw new Failure(`reading fortio's report: ${errorLine(error).slice(0, 200)}; use an --image with fortio 1.66 or newer`, undefined, error);
    }
  }

  /** Deletes the namespace and waits until it is gone. Never throws. @returns undefined, or what went wrong and how to remove the namespace */
  async remove(): Promise<string | undefined> {
    const { namespace } = this.spec;
    const path = `/api/v1/namespaces/${namespace}`;
    const { client } = this.cluster;
    const next = `if it still exists, run kubectl delete namespace ${namespace}`;
    try {
      await client.request('DELETE', path);
      const deadline = this.world.now().getTime() + 120_000;
      for (;;) {
        await client.request('GET', path);
        this.world.progress.show({ text: `waiting for namespace ${namespace} to be gone`, done: 0, total: 0 });
        if (this.world.now().getTime() >= deadline || !(await this.world.nextPoll()))
          return `removing namespace ${namespace}: it is still being deleted; ${next}`;
      }
    } catch (error) {
      return isNotFound(error) ? undefined : `removing namespace ${namespace}: ${errorLine(error)}; ${next}`;
    } finally {
      this.world.progress.finish();
    }
  }

  private async admitted(manifest: object): Promise<string | undefined> {
    try {
      await this.cluster.client.request('POST', `${this.base}/pods`, { body: manifest, signal: this.stop });
      return undefined;
    } catch (error) {
      if (error instanceof ApiError && error.code === 403 && error.message.includes('serviceaccount')) return errorLine(error);
      throw failureOf(error, { doing: 'creating', object: 'pods', verb: 'create', namespace: this.spec.namespace }, this.cluster.server);
    }
  }

  /** Why a pod is not ready; undefined when it is. @throws Failure when its image cannot be pulled */
  private async unready(name: string): Promise<string | undefined> {
    const { status } = await this.pod(name);
    const ready = status.conditions.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') return undefined;
    const waiting = status.containerStatuses
      .flatMap(({ state }) => state?.waiting?.reason ?? [])
      .find((reason) => reason !== 'PodInitializing' && reason !== 'ContainerCreating');
    if (waiting !== undefined && pullFailures.includes(waiting))
      throw new Failure(`starting pod ${name}: its image cannot be pulled (${waiting}); choose another image with --image`, exitCode.notReady);
    const unscheduled = status.conditions.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
    return `pod ${name}: ${waiting ?? unscheduled?.message ?? ready?.message ?? 'not started'}`;
  }

  private async pod(name: string): Promise<z.infer<typeof pod>> {
    return pod.parse(await this.ask('GET', `${this.base}/pods/${name}`, `pods/${name}`));
  }

  /** Polls until `problem` returns undefined. @throws Failure after `withinMs` */
  private async until(what: string, withinMs: number, problem: () => Promise<string | undefined>): Promise<void> {
    const deadline = this.world.now().getTime() + withinMs;
    for (;;) {
      const reason = await problem();
      if (reason === undefined) return;
      this.world.progress.show({ text: `waiting for ${what}: ${reason}`, done: 0, total: 0 });
      const over = this.world.now().getTime() >= deadline;
      if (over || !(await this.world.nextPoll()) || this.stop.aborted)
        throw new Failure(
          `waited ${Math.round(withinMs / 1000)} s for ${what}: ${reason}; check --image and --label, and the sidecar injection of the mesh`,
          exitCode.notReady,
        );
    }
  }

  private ask(method: 'GET' | 'POST', path: string, object: string, options: RequestOptions = {}): Promise<unknown> {
    return this.cluster.client.request(method, path, { ...options, signal: this.stop }).catch((error: unknown) => {
      throw failureOf(
        error,
        {
          doing: method === 'GET' ? 'reading' : 'creating',
          object,
          verb: method === 'GET' ? 'get' : 'create',
          ...(path.includes('/namespaces/') ? { namespace: this.spec.namespace } : {}),
        },
        this.cluster.server,
      );
    });
  }
}
