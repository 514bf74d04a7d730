// What the console can be asked: the state of the cluster, and two changes of it. The user's own rights decide.
import { z } from 'zod';
import { matchesLabels, modeLabel, modeLabelOff, modes, systemNamespaces, type SidecarAcceleration } from '../../api';
import type { Cluster, NamespaceSummary } from '../cluster';
import { Failure } from '../exit';
import { readinessOf } from '../readiness';
import { benchOf, liveNow } from './live';

/** A namespace that the cluster has, whether or not the status lists it. */
export interface NamespaceRow {
  readonly name: string;
  readonly selected: boolean;
  /** Its label keeps it out. */
  readonly optedOut: boolean;
}

export interface State {
  readonly server: string;
  readonly resource?: SidecarAcceleration;
  readonly ready: boolean;
  /** Why not, or how the controller puts it. */
  readonly message: string;
  /** Undefined when this user may not list them. */
  readonly namespaces?: readonly NamespaceRow[];
}

const modeChange = z.strictObject({
  mode: z.enum(modes),
  /** Of the resource that the person saw when deciding. */
  resourceVersion: z.string().min(1).max(64),
});
const namespaceChange = z.strictObject({ name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'not the name of a namespace'), optedOut: z.boolean() });

export type Route = (cluster: Cluster, body: unknown) => Promise<unknown>;

/** `METHOD path` → what is done. */
export const routes: Readonly<Record<string, Route>> = {
  'GET /api/state': (cluster) => stateOf(cluster),
  'GET /api/live': (cluster) => liveNow(cluster),
  'GET /api/bench': (cluster) => Promise.resolve(benchOf(cluster)),
  'POST /api/mode': async (cluster, body) => {
    const { mode, resourceVersion } = checked(modeChange, body);
    await cluster.setMode(mode, resourceVersion);
    return stateOf(cluster);
  },
  'POST /api/namespace': async (cluster, body) => {
    const { name, optedOut } = checked(namespaceChange, body);
    if (systemNamespaces.includes(name)) throw new Failure(`labelling namespaces/${name}: it is a system namespace, which is never selected; nothing is to be done`);
    await cluster.labelNamespace(name, modeLabel, optedOut ? modeLabelOff : null);
    return stateOf(cluster);
  },
};

async function stateOf(cluster: Cluster): Promise<State> {
  const [resource, namespaces] = await Promise.all([cluster.resourceIfAny(), cluster.namespaces().catch(() => undefined)]);
  const rows = namespaces === undefined ? {} : { namespaces: namespaces.map((each) => rowOf(each, resource)) };
  if (resource === undefined) return { server: cluster.server, ready: false, message: 'there is no resource, so nothing is accelerated: accelctl on --select KEY=VALUE', ...rows };
  return { server: cluster.server, resource, ...readinessOf(resource), ...rows };
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
