// What accelctl reads of a cluster, through the user's own kubeconfig: the resource, and the labels of a namespace.
import { CoreV1Api, CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { group, plural, sidecarAcceleration, singletonName, version, type SidecarAcceleration } from '../api';
import { failureOf, statusCodeOf } from './clusterFailure';
import { Failure } from './exit';
import type { NamespaceLabels } from './explanation';

export interface Cluster {
  /** @throws Failure when there is no cluster, no right, no CRD or no resource */
  resource(): Promise<SidecarAcceleration>;
  /** Undefined when the user may not read namespaces. @throws Failure when there is no such namespace */
  namespaceLabels(name: string): Promise<NamespaceLabels>;
}

export interface ClusterOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

const namespaceObject = z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }) });

/** @throws Failure when the kubeconfig cannot be read or names no cluster */
export function clusterOf(options: ClusterOptions): Cluster {
  const config = configOf(options);
  const server = config.getCurrentCluster()?.server ?? '';
  return {
    async resource() {
      const custom = config.makeApiClient(CustomObjectsApi);
      const found: unknown = await custom
        .getClusterCustomObject({ group, version, plural, name: singletonName })
        .catch((error: unknown) => Promise.reject(failureOf(error, `${plural}.${group}/${singletonName}`, server)));
      return parsed(found);
    },
    async namespaceLabels(name) {
      try {
        const found = await config.makeApiClient(CoreV1Api).readNamespace({ name });
        return namespaceObject.parse(found).metadata.labels;
      } catch (error) {
        if (statusCodeOf(error) === 403) return undefined;
        throw failureOf(error, `namespaces/${name}`, server);
      }
    },
  };
}

function configOf({ kubeconfig, context }: ClusterOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new Failure(`reading the kubeconfig: ${error instanceof Error ? error.message : String(error)}; check KUBECONFIG or --kubeconfig`);
  }
  if (context !== undefined) config.setCurrentContext(context);
  // Without any configuration the client library makes one up, for a server on port 8080 of this machine.
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster.server === 'http://localhost:8080') {
    const known = config.getContexts().map(({ name }) => name).join(', ') || 'none';
    throw new Failure(`reading the kubeconfig: ${context === undefined ? 'no cluster is configured' : `no context ${context} (there are: ${known})`}; set KUBECONFIG, or use --kubeconfig and --context`);
  }
  return config;
}

function parsed(found: unknown): SidecarAcceleration {
  const result = sidecarAcceleration.safeParse(found);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Failure(`reading the resource: ${issue?.path.join('.')}: ${issue?.message}; use the accelctl that belongs to the controller's version`);
}
