// The one place where a kubeconfig, or the pod's own ServiceAccount, becomes something that HTTP requests can use.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { messageOf } from './errors';

export { KubeConfig };

/**
 * From the file that is named, else $KUBECONFIG, else the pod's ServiceAccount.
 * @throws Error when none of them can be read, or it names no cluster
 */
export function loadKubeConfig(path?: string): KubeConfig {
  const config = new KubeConfig();
  const source = path ?? (process.env['KUBECONFIG'] ? '$KUBECONFIG' : "the pod's ServiceAccount");
  try {
    if (path !== undefined) config.loadFromFile(path);
    else if (process.env['KUBECONFIG']) config.loadFromDefault();
    else if (process.env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster();
    else throw new Error('KUBERNETES_SERVICE_HOST is not set: this is no pod; name a kubeconfig or set KUBECONFIG');
  } catch (error) {
    throw new Error(`reading the kubeconfig from ${source}: ${messageOf(error)}`, { cause: error });
  }
  if (config.getCurrentCluster() === null) {
    throw new Error(`reading the kubeconfig from ${source}: its current context names no cluster; set current-context`);
  }
  return config;
}

/** Where the API server is and how to be let in, for one process. */
export interface Connection {
  /** As in `https://10.96.0.1:443`, without a slash at the end. */
  readonly server: string;
  /** Credentials as they are now: client-node reads a token file again when what it has is a minute old. */
  options(): Promise<RequestOptions>;
  /** Closes connections that wait for their next request: after one went dead without a word, so may have the others. */
  dropIdle(): void;
}

/** @throws Error when the configuration names no cluster */
export function connectionOf(config: KubeConfig): Connection {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('connecting to the API server: the current context names no cluster; set current-context');
  const agent = cluster.proxyUrl === undefined ? agentOf(cluster.server) : undefined;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    options: async () => {
      const options: RequestOptions = { headers: {} };
      // It also makes client-node's own agent, which is kept only for a proxy: that agent knows the way, ours keeps connections.
      await config.applyToHTTPSOptions(options);
      return agent === undefined ? options : { ...options, agent };
    },
    dropIdle: () => {
      for (const sockets of Object.values(agent?.freeSockets ?? {})) for (const socket of sockets ?? []) socket.destroy();
    },
  };
}

/** Connections are kept, and probed by TCP itself (after 15 s, ten probes a second apart: libuv), so that a dead peer is noticed. */
function agentOf(server: string): HttpAgent {
  const settings = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 16, scheduling: 'lifo' } as const;
  return server.startsWith('https:') ? new HttpsAgent(settings) : new HttpAgent(settings);
}
