// What only the leading controller does: speak with the agents, and work on the resource.
import type { Environment } from './environment';
import { type KubeClient, messageOf, type WorkQueue } from '../kube';
import type { Log } from '../process';
import { type AgentServer, serveAgents } from '../protocol';
import type { ChannelCertificates } from './channelCertificate';
import type { ChannelSecret } from './channelSecret';
import type { Cluster } from './cluster';
import { Installation } from './installation';
import type { Metrics } from './metrics';
import { OrderBook } from './orders';
import { type AgentSurroundings, Reconciler } from './reconcile';
import type { AgentSessions } from './sessions';
import { type OwnService, ownService } from './service';
import { StatusWriter } from './statusWriter';

/** The one key of the queue: the resource is a singleton. */
export const resourceKey = 'resource';
const renewCheckMs = 3_600_000;

export interface LeaderParts {
  readonly environment: Environment;
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly queue: WorkQueue;
  readonly sessions: AgentSessions;
  readonly secret: ChannelSecret;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Leads until `signal` is aborted. */
export async function lead(parts: LeaderParts, signal: AbortSignal): Promise<void> {
  const { environment, log, queue, sessions, secret, metrics } = parts;
  await parts.cluster.synced;
  if (signal.aborted) return;
  sessions.forgetOrder();
  const service = await ownService(parts.client, environment.POD_NAMESPACE, environment.CONTROLLER_SERVICE);
  let certificates = await secret.ensure(service.owner);
  const server = await serveAgents({
    address: `${service.address.startsWith('[') ? '[::]' : '0.0.0.0'}:${environment.GRPC_PORT}`,
    tls: pairOf(certificates),
    authenticate: (token) => sessions.authenticate(token),
    onStream: (session) => sessions.open(session),
    onRefused: (problem) => {
      metrics.refused.inc();
      log.warn(problem);
    },
  });
  const renewal = setInterval(() => {
    secret.ensure(service.owner).then(
      (next) => {
        certificates = renew(server, certificates, next, log);
        queue.add(resourceKey);
      },
      (error: unknown) => log.warn(`renew the channel certificate: ${messageOf(error)}`),
    );
  }, renewCheckMs);
  try {
    log.info('leading', { port: server.port });
    await work(parts, service, () => certificates.ca, signal);
  } finally {
    clearInterval(renewal);
    await server.close();
  }
}

async function work(parts: LeaderParts, service: OwnService, ca: () => string, signal: AbortSignal): Promise<void> {
  const { client, cluster, environment, log, metrics, queue, sessions } = parts;
  const reconciler = new Reconciler({
    client,
    cluster,
    sessions,
    installation: new Installation(client, () => performance.now()),
    orders: new OrderBook(Date.now),
    status: new StatusWriter(client, () => performance.now()),
    surroundings: () => surroundingsOf(environment, service, ca()),
    clock: { monotonicMs: () => performance.now(), date: () => new Date() },
  });
  let pass = 0;
  queue.add(resourceKey);
  await queue.run({
    concurrency: 1,
    signal,
    work: async () => {
      const reconcileId = `${environment.POD_NAME}-${++pass}`;
      const end = metrics.seconds.startTimer();
      const result = await reconciler.reconcile((level, message) => log.log(level, message, { reconcileId }));
      end();
      metrics.passes.inc({ result: 'success' });
      return result;
    },
    onError: (_key, error, retryMs) => {
      metrics.passes.inc({ result: 'error' });
      log.error(`reconcile failed, trying again in ${Math.round(retryMs)} ms: ${messageOf(error)}`);
    },
  });
}

function surroundingsOf(environment: Environment, { address }: OwnService, ca: string): AgentSurroundings {
  return {
    namespace: environment.POD_NAMESPACE,
    image: environment.IMAGE,
    pullPolicy: environment.IMAGE_PULL_POLICY,
    pullSecrets: environment.IMAGE_PULL_SECRETS,
    controllerAddress: address,
    ca,
  };
}

function pairOf({ certificate, key }: ChannelCertificates): { certificate: string; key: string } {
  return { certificate, key };
}

function renew(server: AgentServer, before: ChannelCertificates, next: ChannelCertificates, log: Log): ChannelCertificates {
  if (before.certificate === next.certificate) return before;
  server.useCertificate(pairOf(next));
  log.info('the channel certificate was renewed');
  return next;
}

