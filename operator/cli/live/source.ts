// Live data as accelctl asks for it, with the user's rights, and in one line why it is not to be had.
import { z } from 'zod';
import { type ConnectionList, connectionList, connectionsResource, liveApiService, liveApiVersion, liveEvent, type LiveEvent, maxListedConnections, type SilentNode } from '../../api';
import { ApiError, isNotFound, type Query } from '../../kube';
import type { Cluster } from '../cluster';
import { exitCode, type ExitCode, Failure } from '../exit';
import { failureOf, reasonOf } from '../failure';
import type { Target } from '../target';

const switchOn = 'helm upgrade sidecar-acceleration charts/sidecar-acceleration -n sidecar-acceleration --reuse-values --set liveData.enabled=true';

const pathOf = (target: Target | undefined): string => `/apis/${liveApiVersion}${target === undefined ? '' : `/namespaces/${encodeURIComponent(target.namespace)}`}/${connectionsResource}`;
const selecting = ({ pod }: { readonly pod?: string } = {}): Query => (pod === undefined ? {} : { fieldSelector: `pod=${pod}` });

/** @param target undefined for every namespace @throws Failure, for a namespace or pod that is not there too */
export async function connectionsOf(cluster: Cluster, target: Target | undefined, limit = maxListedConnections): Promise<ConnectionList> {
  const query = { ...selecting(target), limit: String(limit) };
  const found = await cluster.client.request('GET', pathOf(target), { query }).catch((error: unknown) => {
    throw problemOf(error, cluster, target, 'list');
  });
  const list = parsed(connectionList, found);
  if (target !== undefined && list.pods.length === 0) await mustExist(cluster, target);
  return list;
}

/** Ends when the server ends it: ten minutes at the most. @throws Failure as `connectionsOf` */
export async function* eventsOf(cluster: Cluster, target: Target | undefined, signal: AbortSignal): AsyncGenerator<LiveEvent, void, undefined> {
  if (target !== undefined) await mustExist(cluster, target);
  try {
    for await (const line of cluster.client.stream(pathOf(target), { query: { watch: 'true', ...selecting(target) }, signal })) yield parsed(liveEvent, line);
  } catch (error) {
    throw problemOf(error, cluster, target, 'watch');
  }
}

const mostNamed = 20;

/** One line a node whose connections are missing; after a change of leader that can be every node for some seconds, and not all are named. */
export function silence(nodes: readonly SilentNode[]): string[] {
  const named = nodes.slice(0, mostNamed).map(({ name, message }) => `node ${name} is silent: ${message}`);
  return nodes.length > mostNamed ? [...named, `${nodes.length - mostNamed} more nodes are silent: see -o json`] : named;
}

/** An answer that lacks a node is not the whole answer. */
export function codeOf({ silentNodes }: ConnectionList): ExitCode {
  return silentNodes.length === 0 ? exitCode.fine : exitCode.notReady;
}

/** Somebody who may not read namespaces or pods is not told whether they are there. */
async function mustExist(cluster: Cluster, { namespace, pod }: Target): Promise<void> {
  if ((await cluster.namespaceLabels(namespace)) === undefined || pod === undefined) return;
  if ((await cluster.may('get', { group: '', resource: 'pods', namespace })) !== false) await cluster.pod(namespace, pod);
}

function problemOf(error: unknown, cluster: Cluster, target: Target | undefined, verb: 'list' | 'watch'): Failure {
  const object = `${connectionsResource}.${liveApiVersion.split('/')[0]}`;
  const where = target === undefined ? 'in all namespaces' : `in namespace ${target.namespace}`;
  const told = (problem: string, next: string): Failure => new Failure(`reading ${object}: ${problem}; ${next}`, undefined, error);
  if (isNotFound(error)) return told('this cluster serves no live data', `switch it on: ${switchOn}`);
  switch (error instanceof ApiError ? error.code : 0) {
    case 403:
      return told(`this user may not ${verb} connections ${where}`, `ask for the ClusterRole sidecar-acceleration-view there`);
    case 429:
      return told(reasonOf(error).replace(/^TooManyRequests: /, ''), 'that is a moment');
    case 503:
      return told(`the controller does not answer the API server (${reasonOf(error).replace(/^ServiceUnavailable: /, '')})`, `see kubectl get apiservice ${liveApiService}, and accelctl doctor`);
    default:
      return failureOf(error, { doing: 'reading', object, verb }, cluster.server);
  }
}

function parsed<T>(schema: z.ZodType<T>, found: unknown): T {
  const result = schema.safeParse(found);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Failure(`reading live data: ${issue?.path.join('.')}: ${issue?.message}; use the accelctl that belongs to the controller's version`);
}
