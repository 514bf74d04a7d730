// The cluster and the credentials: from the user's kubeconfig, or from the pod's ServiceAccount when accelctl runs in a pod.
import { z } from 'zod';
import { errorLine } from '../base';
import { KubeConfig } from '../kube';
import { Failure } from './exit';

export interface ClusterOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** @throws Failure when the kubeconfig cannot be read or names no cluster */
export function kubeconfigOf({ kubeconfig, context }: ClusterOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new Failure(`reading the kubeconfig: ${problemOf(error)}; check KUBECONFIG or --kubeconfig`);
  }
  if (context !== undefined) config.setCurrentContext(context);
  // Without any configuration the client library invents a cluster at port 8080 of the local host.
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster.server === 'http://localhost:8080') {
    const known =
      config
        .getContexts()
        .map(({ name }) => name)
        .join(', ') || 'none';
    throw new Failure(
      `reading the kubeconfig: ${context === undefined ? 'no cluster is configured' : `no context ${context} (there are: ${known})`}; set KUBECONFIG, or use --kubeconfig and --context`,
    );
  }
  return config;
}

const syntaxError = z.looseObject({ reason: z.string(), mark: z.looseObject({ line: z.int(), column: z.int() }).nullish() });

/** The message of a syntax error of the YAML library quotes the lines around the error, which may hold a token: only its reason, without what it quotes, and its place are kept. */
function problemOf(error: unknown): string {
  const { success, data } = syntaxError.safeParse(error);
  if (!success) return errorLine(error);
  return `no valid YAML${data.mark ? ` at line ${data.mark.line + 1}, column ${data.mark.column + 1}` : ''}: ${data.reason.replace(/\s*("[^"]*"|<.*>|'[^']*')/g, '')}`;
}
