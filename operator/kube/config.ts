// Turns a kubeconfig or the pod's ServiceAccount into the options of HTTP requests.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { errorLine } from '../base';

export { KubeConfig };

/**
 * Loads the file `path` if it is given, otherwise $KUBECONFIG if that is set, otherwise the pod's ServiceAccount.
 * @throws Error when the source cannot be read or names no cluster
 */
export function loadKubeConfig(path?: string): KubeConfig {
  const config = new KubeConfig();
  const source = path ?? (process.env['KUBECONFIG'] ? '$KUBECONFIG' : "the pod's ServiceAccount");
  try {
    if (path !== undefined) config.loadFromFile(path);
    else if (process.env['KUBECONFIG']) config.loadFromDefault();
    else if (process.env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster();
    else throw new Error('KUBERNETES_SERVICE_HOST is not set, so this is not a pod; name a kubeconfig or set KUBECONFIG');
  } catch (error) {
    throw new Error(`reading the kubeconfig from ${source}: ${errorLine(error)}`, { cause: error });
  }
  if (config.getCurrentCluster() === null) {
    throw new Error(`reading the kubeconfig from ${source}: its current context names no cluster; set current-context`);
  }
  return config;
}

/** The address of the API server and the credentials for it. */
export interface Connection {
  /** URL such as `https://10.96.0.1:443`, without a slash at the end. */
  readonly server: string;
  /** Options with the current credentials: client-node reads a token file again after a minute. */
  options(): Promise<RequestOptions>;
  /** Closes idle connections to the API server. To be called when one connection was found dead, because the others may be dead as well. */
  dropIdle(): void;
}

/** The connection of the configuration's current context. @throws Error when that names no cluster */
export function connectionOf(config: KubeConfig): Connection {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('connecting to the API server: the current context names no cluster; set current-context');
  const agent = cluster.proxyUrl === undefined ? agentOf(cluster.server) : undefined;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    options: async () => {
      const options: RequestOptions = { headers: {} };
      // client-node also sets its own agent. That one is used for a proxy only; for direct connections our agent keeps them alive.
      await config.applyToHTTPSOptions(options);
      return agent === undefined ? options : { ...options, agent };
    },
    dropIdle: () => {
      for (const sockets of Object.values(agent?.freeSockets ?? {})) for (const socket of sockets ?? []) socket.destroy();
    },
  };
}

/** An agent with kept connections and TCP keepalive (after 15 s idle, ten probes a second apart: libuv), so that a dead peer is noticed. */
function agentOf(server: string): HttpAgent {
  const settings = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 16, scheduling: 'lifo' } as const;
  return server.startsWith('https:') ? new HttpsAgent(settings) : new HttpAgent(settings);
}
