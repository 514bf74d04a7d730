// accelctl's requests for live data, with the user's rights. An error becomes one line with the next step.
import { z } from 'zod';
import {
  type ConnectionList,
  connectionList,
  connectionsResource,
  liveApiService,
  liveApiVersion,
  liveEvent,
  type LiveEvent,
  maxListedConnections,
  type SilentNode,
} from '../../api';
import { ApiError, isNotFound, type Query } from '../../kube';
import type { Cluster } from '../cluster';
import { exitCode, type ExitCode, Failure } from '../exit';
import { failureOf, reasonOf } from '../failure';
import type { Target } from '../target';

const switchOn = 'helm upgrade sidecar-acceleration charts/sidecar-acceleration -n sidecar-acceleration --reuse-values --set liveData.enabled=true';

const pathOf = (target: Target | undefined): string =>
  `/apis/${liveApiVersion}${target === undefined ? '' : `/namespaces/${encodeURIComponent(target.namespace)}`}/${connectionsResource}`;
const selecting = ({ pod }: { readonly pod?: string } = {}): Query => (pod === undefined ? {} : { fieldSelector: `pod=${pod}` });

/**
 * The open connections and the sums of their pods.
 * @param target undefined for all namespaces
 * @param limit maximum number of connections; the sums are complete without regard to it
 * @throws Failure, also for a namespace or pod that does not exist
 */
export async function connectionsOf(cluster: Cluster, target: Target | undefined, limit = maxListedConnections): Promise<ConnectionList> {
  const query = { ...selecting(target), limit: String(limit) };
  const found = await cluster.client.request('GET', pathOf(target), { query }).catch((error: unknown) => {
    throw problemOf(error, cluster, target, 'list');
  });
  const list = parsed(connectionList, found);
  if (target !== undefined && list.pods.length === 0) await mustExist(cluster, target);
  return list;
}

/** The events of a watch, which the server ends after ten minutes at the latest. @throws Failure as `connectionsOf` */
export async function* eventsOf(cluster: Cluster, target: Target | undefined, signal: AbortSignal): AsyncGenerator<LiveEvent, void, undefined> {
  if (target !== undefined) await mustExist(cluster, target);
  try {
    for await (const line of cluster.client.stream(pathOf(target), { query: { watch: 'true', ...selecting(target) }, signal }))
      yield parsed(liveEvent, line);
  } catch (error) {
    throw problemOf(error, cluster, target, 'watch');
  }
}

const maxNamed = 20;

/** One line for each node without data. After a change of leader this can be every node for some seconds, so only the first ones are named. */
export function silentNodeLines(nodes: readonly SilentNode[]): string[] {
  const named = nodes.slice(0, maxNamed).map(({ name, message }) => `no data from node ${name}: ${message}`);
  return nodes.length > maxNamed ? [...named, `no data from ${nodes.length - maxNamed} more nodes: see -o json`] : named;
}

/** notReady when the data of a node is missing. */
export function codeOf({ silentNodes }: ConnectionList): ExitCode {
  return silentNodes.length === 0 ? exitCode.success : exitCode.notReady;
}

/** @throws Failure when the namespace or pod does not exist; no error for a user who may not read it */
async function mustExist(cluster: Cluster, { namespace, pod }: Target): Promise<void> {
  if ((await cluster.namespaceLabels(namespace)) === undefined || pod === undefined) return;
  if ((await cluster.may('get', { group: '', resource: 'pods', namespace })) !== false) await cluster.pod(namespace, pod);
}

function problemOf(error: unknown, cluster: Cluster, target: Target | undefined, verb: 'list' | 'watch'): Failure {
  const object = `${connectionsResource}.${liveApiVersion.split('/')[0]}`;
  const where = target === undefined ? 'in all namespaces' : `in namespace ${target.namespace}`;
  const failing = (problem: string, next: string): Failure => new Failure(`reading ${object}: ${problem}; ${next}`, undefined, error);
  if (isNotFound(error)) return failing('this cluster serves no live data', `switch it on: ${switchOn}`);
  switch (error instanceof ApiError ? error.code : 0) {
    case 403:
      return failing(`this user may not ${verb} connections ${where}`, `ask for the ClusterRole sidecar-acceleration-view there`);
    case 429:
      // The server's message names the next step.
      return new Failure(`reading ${object}: ${reasonOf(error).replace(/^TooManyRequests: /, '')}`, undefined, error);
    case 503:
      return failing(
        `the controller does not answer the API server (${reasonOf(error).replace(/^ServiceUnavailable: /, '')})`,
        `see kubectl get apiservice ${liveApiService}, and accelctl doctor`,
      );
    default:
      return failureOf(error, { doing: 'reading', object, verb }, cluster.server);
  }
}

function parsed<T>(schema: z.ZodType<T>, found: unknown): T {
  const result = schema.safeParse(found);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Failure(`reading live data: ${issue?.path.join('.')}: ${issue?.message}; use the accelctl of the controller's version`);
}
