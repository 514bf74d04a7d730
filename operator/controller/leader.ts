// The work of the leading controller: it serves the agents' channel and live data, and reconciles the resource.
import { errorLine } from '../base';
import type { Environment } from './environment';
import { aborted, isTerminal, type KubeClient, requestsUntil, type WorkQueue } from '../kube';
import { CountedLog, type Log } from '../process';
import { type AgentServer, serveAgents } from '../protocol';
import { type ChannelCertificates, issuedFor } from './channel/channelCertificate';
import { ChannelEndpoint } from './channel/channelEndpoint';
import type { ChannelSecret } from './channel/channelSecret';
import type { Cluster } from './cluster/cluster';
import { Installation } from './cluster/installation';
import { LiveApi, type Questions } from './live';
import type { Metrics } from './metrics';
import { OrderBook } from './agents/orders';
import { type AgentSurroundings, Reconciler } from './reconcile';
import { EventWriter, MemoryStore, Rollout } from './rollout';
import type { AgentSessions } from './channel/sessions';
import { type OwnService, ownService } from './channel/service';
import { StatusWriter } from './status/statusWriter';

/** The only key of the work queue, because the resource is a singleton. */
export const resourceKey = 'resource';
const renewCheckMs = 3_600_000;

export interface LeaderParts {
  readonly environment: Environment;
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly queue: WorkQueue;
  readonly sessions: AgentSessions;
  readonly questions: Questions;
  readonly secret: ChannelSecret;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Leads until `signal` is aborted. Open requests to the API server end then, so that the agents' streams are closed at once. */
export function lead(parts: LeaderParts, signal: AbortSignal): Promise<void> {
  return leadWith({ ...parts, client: requestsUntil(parts.client, signal) }, signal);
}

async function leadWith(parts: LeaderParts, signal: AbortSignal): Promise<void> {
  const { environment, log, queue, sessions, secret, metrics } = parts;
  // The watches may have died unnoticed while this process had no connection, so its caches may be older than the work of another leader.
  await Promise.race([parts.cluster.refresh(), aborted(signal)]);
  if (signal.aborted) return;
  sessions.forgetOrder();
  const { POD_NAMESPACE, CONTROLLER_SERVICE, CHANNEL_SERVICE = CONTROLLER_SERVICE } = environment;
  const service = await ownService(parts.client, POD_NAMESPACE, CONTROLLER_SERVICE);
  const contact = await ownService(parts.client, POD_NAMESPACE, CHANNEL_SERVICE);
  let certificates = await secret.ensure(service.owner);
  const refusals = new CountedLog({ say: (line) => void log.warn(line) });
  const server = await serveAgents({
    address: `${contact.address.startsWith('[') ? '[::]' : '0.0.0.0'}:${environment.GRPC_PORT}`,
    tls: pairOf(certificates),
    authenticate: (token, isOpen, source) => sessions.authenticate(token, isOpen, source),
    onStream: (session) => {
      const handlers = sessions.open(session);
      return {
        ...handlers,
        onReport: (report) => {
          metrics.reports.inc();
          handlers.onReport(report);
        },
      };
    },
    onRefused: (problem, kind) => {
      metrics.refused.inc();
      refusals.tell(kind, problem);
    },
  });
  const renewal = setInterval(() => {
    secret.ensure(service.owner).then(
      (next) => {
        certificates = renew(server, certificates, next, log);
        queue.add(resourceKey);
      },
      (error: unknown) => log.warn(`renew the channel's certificate: ${errorLine(error)}; trying again in an hour`),
    );
  }, renewCheckMs);
  const live = liveOf(parts, contact, () => certificates);
  try {
    void live?.keep();
    log.info('leading', { port: server.port });
    await work(parts, { contact, endpoint: endpointOf(parts, contact, server.port), ca: () => certificates.ca }, signal);
  } finally {
    clearInterval(renewal);
    await Promise.all([live?.close(), server.close()]);
    refusals.end();
  }
}

/** How agents reach and verify this controller. */
interface Channel {
  readonly contact: OwnService;
  /** Undefined when the Service has a selector. */
  readonly endpoint: ChannelEndpoint | undefined;
  /** The current authorities in PEM. */
  readonly ca: () => string;
}

async function work(parts: LeaderParts, channel: Channel, signal: AbortSignal): Promise<void> {
  const { client, cluster, environment, log, metrics, queue, sessions } = parts;
  const reconciler = new Reconciler({
    client,
    cluster,
    sessions,
    installation: new Installation(client, () => performance.now()),
    rollout: rolloutOf(parts),
    orders: new OrderBook(Date.now),
    status: new StatusWriter(client, () => performance.now()),
    surroundings: () => surroundingsOf(environment, channel),
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
      await channel.endpoint?.publish();
      const result = await reconciler.reconcile((level, message) => log.log(level, message, { reconcileId }));
      end();
      metrics.passes.inc({ result: 'success' });
      return result;
    },
    onError: (_key, error, retryMs) => {
      // After the end of leadership a request fails because it was aborted.
      if (signal.aborted) return;
      metrics.passes.inc({ result: 'error' });
      const next = isTerminal(error) ? 'waiting for a change, and trying again' : 'trying again';
      log.error(`reconcile the resource: ${errorLine(error)}; ${next} in ${Math.round(retryMs)} ms`);
    },
  });
}

function rolloutOf({ client, cluster, environment, log, sessions }: LeaderParts): Rollout {
  const { POD_NAMESPACE: namespace, POD_NAME: instance } = environment;
  const say = (level: 'warn', message: string): void => void log.log(level, message);
  return new Rollout({
    client,
    namespace,
    fleet: cluster,
    agents: () => sessions.states(),
    memory: new MemoryStore({ client, namespace, log: say }),
    events: new EventWriter({ client, instance, now: () => new Date(), log: say }),
    now: Date.now,
  });
}

function endpointOf({ client, environment }: LeaderParts, { owner }: OwnService, port: number): ChannelEndpoint | undefined {
  const { CHANNEL_SERVICE, POD_NAMESPACE: namespace, POD_NAME: podName, POD_IPS: podIps } = environment;
  if (CHANNEL_SERVICE === undefined) return undefined;
  return new ChannelEndpoint({
    client,
    namespace,
    service: owner,
    podName,
    podIps,
    port,
    livePort: environment.LIVE_PORT,
    now: () => performance.now(),
  });
}

function liveOf(
  { client, environment, questions, log }: LeaderParts,
  { address }: OwnService,
  certificates: () => ChannelCertificates,
): LiveApi | undefined {
  const { LIVE_PORT: port, LIVE_SERVICE, POD_NAMESPACE } = environment;
  if (port === undefined || LIVE_SERVICE === undefined) return undefined;
  const now = (): Date => new Date();
  return new LiveApi({
    client,
    port,
    questions,
    now,
    host: hostOf(address),
    authority: () => certificates().ca,
    issue: () => issuedFor(`${LIVE_SERVICE}.${POD_NAMESPACE}.svc`, certificates(), now()),
    log: (level, message) => void log.log(level, message),
  });
}

/** The unspecified address of the Service's address family. */
function hostOf(serviceAddress: string): string {
  return serviceAddress.startsWith('[') ? '::' : '0.0.0.0';
}

function surroundingsOf(environment: Environment, { contact, ca }: Channel): AgentSurroundings {
  return {
    namespace: environment.POD_NAMESPACE,
    image: environment.IMAGE,
    pullPolicy: environment.IMAGE_PULL_POLICY,
    pullSecrets: environment.IMAGE_PULL_SECRETS,
    controllerAddress: contact.address,
    ca: ca(),
  };
}

function pairOf({ certificate, key }: ChannelCertificates): { certificate: string; key: string } {
  return { certificate, key };
}

function renew(server: AgentServer, before: ChannelCertificates, next: ChannelCertificates, log: Log): ChannelCertificates {
  if (before.ca !== next.ca) log.info('the authorities of the channel have changed; agents get the new one before it signs');
  if (before.certificate === next.certificate) return next;
  server.useCertificate(pairOf(next));
  log.info('renewed the certificate of the channel');
  return next;
}
