// The console's requests: three that read the cluster and two that change it, with the user's own rights.
import { z } from 'zod';
import { connectionReasons, matchesLabels, modeLabel, modeLabelOff, modes, nodeReasons, systemNamespaces, type SidecarAcceleration } from '../../api';
import type { Cluster, NamespaceSummary } from '../cluster';
import { Failure } from '../exit';
import { howToBegin } from '../failure';
import { readinessOf } from '../readiness';
import { isUnderWay } from '../settle';
import { benchOf, liveNow } from './live';

/** A namespace that the cluster has, whether or not the status lists it. */
export interface NamespaceRow {
  readonly name: string;
  readonly selected: boolean;
  /** Its label acceleration.dev/mode=off excludes it. */
  readonly optedOut: boolean;
}

export interface State {
  readonly server: string;
  readonly resource?: SidecarAcceleration;
  readonly ready: boolean;
  /** Not ready, but a controller has reconciled the resource before and has not finished its current generation. */
  readonly settling: boolean;
  /** The message of the condition Ready, or why the resource is not ready. */
  readonly message: string;
  /** Meaning and remedy of each reason in the status. */
  readonly explained: Readonly<Record<string, { readonly means: string; readonly remedy: string }>>;
  /** Undefined when the user may not list namespaces. */
  readonly namespaces?: readonly NamespaceRow[];
}

const modeChange = z.strictObject({
  mode: z.enum(modes),
  /** The generation that the page showed when the user chose the mode. */
  generation: z.int().min(0),
});
const namespaceChange = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'not the name of a namespace'),
  optedOut: z.boolean(),
});

export type Route = (cluster: Cluster, body: unknown) => Promise<unknown>;

/** `METHOD path` → the function that answers the request. */
export const routes: Readonly<Record<string, Route>> = {
  'GET /api/state': (cluster) => stateOf(cluster),
  'GET /api/live': (cluster) => liveNow(cluster),
  'GET /api/bench': (cluster) => Promise.resolve(benchOf(cluster)),
  'POST /api/mode': async (cluster, body) => {
    const { mode, generation } = checked(modeChange, body);
    await cluster.setMode(mode, generation);
    return stateOf(cluster);
  },
  'POST /api/namespace': async (cluster, body) => {
    const { name, optedOut } = checked(namespaceChange, body);
    if (systemNamespaces.includes(name))
      throw new Failure(`labelling namespaces/${name}: it is a system namespace, which is never selected; no label is needed`);
    await cluster.labelNamespace(name, modeLabel, optedOut ? modeLabelOff : null);
    return stateOf(cluster);
  },
};

async function stateOf(cluster: Cluster): Promise<State> {
  const [resource, namespaces] = await Promise.all([cluster.resourceIfAny(), cluster.namespaces().catch(() => undefined)]);
  const rows = namespaces === undefined ? {} : { namespaces: namespaces.map((each) => rowOf(each, resource)) };
  if (resource === undefined)
    return {
      server: cluster.server,
      ready: false,
      settling: false,
      explained: {},
      message: `there is no resource, so nothing is accelerated; to accelerate: ${howToBegin}`,
      ...rows,
    };
  const readiness = readinessOf(resource);
  return {
    server: cluster.server,
    resource,
    ...readiness,
    settling: !readiness.ready && isUnderWay(resource),
    explained: explained(resource),
    ...rows,
  };
}

function explained({ status }: SidecarAcceleration): State['explained'] {
  const ofConnections = (status?.namespaces ?? []).flatMap(({ reasons }) =>
    reasons.map(({ reason }) => [reason, connectionReasons[reason]] as const),
  );
  const ofNodes = (status?.nodes?.unsupported ?? []).map(({ reason }) => [reason, nodeReasons[reason]] as const);
  return Object.fromEntries([...ofConnections, ...ofNodes].map(([reason, { means, remedy }]) => [reason, { means, remedy }]));
}

function rowOf({ name, labels }: NamespaceSummary, resource: SidecarAcceleration | undefined): NamespaceRow {
  const matches = resource !== undefined && !systemNamespaces.includes(name) && matchesLabels(resource.spec.selector.namespaces, labels);
  const optedOut = labels[modeLabel] === modeLabelOff;
  return { name, selected: matches && !optedOut, optedOut };
}

function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Failure(`reading the change: ${issue?.path.join('.')}: ${issue?.message}; load the page again`);
}
