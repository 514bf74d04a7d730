// Entry point of the controller: fills the caches, takes part in leader election, and leads.
import { controllerName } from '../api';
import { errorMessage } from '../base';
import { Elector, guardWrites, kubeClient, loadKubeConfig, WorkQueue } from '../kube';
import { countWarnings, createLog, frugalMemory, type Log, serveHealth } from '../process';
import { ChannelSecret } from './channel/channelSecret';
import { Cluster } from './cluster/cluster';
import { readEnvironment } from './environment';
import { lead, resourceKey } from './leader';
import { agentsOf, Questions } from './live';
import { createMetrics } from './metrics';
import { PodLookup } from './channel/ownPods';
import { agentName, channelName, labelsOf } from './render';
import { AgentSessions } from './channel/sessions';
import { TokenReviewer } from './channel/tokenReview';

/**
 * Another replica leads at most 15 s after a leader was killed: it waits for 12 s after the last renewal that it saw, and reads the Lease every
 * 1.5 to 1.8 s. A leader without a connection to the API server stops leading 3 s before another can take over.
 */
const leaseTimes = { leaseMs: 12_000, renewDeadlineMs: 9_000, retryMs: 1_500 };
/** Milliseconds for which changes of the cluster are collected, so that thousands of new nodes or pods do not cost a pass each. */
const changePauseMs = 50;
/** Milliseconds for which reports of agents are collected. */
const reportPauseMs = 200;

async function main(): Promise<void> {
  frugalMemory();
  const environment = readEnvironment(process.env);
  const log = createLog(environment.LOG_LEVEL, { component: 'controller', pod: environment.POD_NAME });
  countWarnings((line) => void log.warn(line));
  // An unexpected error ends the process. The next process starts from the state at the API server, and agents go on meanwhile.
  const die = (error: unknown): never => {
    log.error('an unexpected error ends the controller; the kubelet starts it again', {
      error: error instanceof Error ? error.stack : String(error),
    });
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  await run(environment, log, stopSignal(log));
  process.exit(0);
}

async function run(environment: ReturnType<typeof readEnvironment>, log: Log, signal: AbortSignal): Promise<void> {
  const namespace = environment.POD_NAMESPACE;
  const say = (level: 'info' | 'warn', message: string): void => void log.log(level, message);
  const client = kubeClient(loadKubeConfig(environment.KUBECONFIG), {
    onAnswer: (method, code) => metrics.requests.inc({ method, code: String(code) }),
    onNoAnswer: () => cluster.doubt(),
  });
  const queue = new WorkQueue();
  const cluster = new Cluster(client, namespace, { onChange: () => queue.addAfter(resourceKey, changePauseMs), log: say });
  const pods = new PodLookup(client, () => performance.now());
  const questions: Questions = new Questions(() => agentsOf(sessions.liveAgents(), cluster.agentPods()));
  const sessions: AgentSessions = new AgentSessions({
    podsOn: (...asked) => pods.podsOn(...asked),
    reviewer: new TokenReviewer(client, `system:serviceaccount:${namespace}:${agentName}`),
    now: () => performance.now(),
    onChange: () => queue.addAfter(resourceKey, reportPauseMs),
    onWatched: (node, watched) => questions.heard(node, watched),
    log: say,
  });
  const metrics = createMetrics(
    () => sessions.states().filter(({ connected }) => connected).length,
    () => queue.depth,
  );

  let synced = false;
  const health = await serveHealth(environment.HTTP_PORT, {
    alive: () => true,
    unready: () => (synced ? undefined : 'the objects of the cluster are not listed yet'),
    metrics: metrics.registry,
  });
  const watching = cluster.run(signal);
  await cluster.synced;
  synced = !signal.aborted;
  const elector = new Elector({ client, namespace, name: controllerName, identity: environment.POD_NAME, ...leaseTimes, log: say });
  // With the guard, a leader that was stopped and continued sends no further write.
  const guarded = guardWrites(client, () => elector.leading);
  const secret = new ChannelSecret(guarded, namespace, channelName, labelsOf('channel'), () => new Date());
  await elector.run(signal, (leading) => lead({ environment, client: guarded, cluster, queue, sessions, questions, secret, metrics, log }, leading));
  await watching;
  health.close();
}

function stopSignal(log: Log): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.info(`received ${name}: the controller stops`);
      stop.abort();
    });
  }
  return stop.signal;
}

main().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exit(1); // ends the servers and timers that were started
});
