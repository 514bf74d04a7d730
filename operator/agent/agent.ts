// The agent as a whole: the runtime's pods and the controller's orders go in, the kernel and the report come out.
import { machine, release } from 'node:os';
import { controllerName, productVersion } from '../api';
import { abilities, type AgentClient, connectAgent, type Hello, type Report } from '../protocol';
import { findCri } from './cri/find';
import { type NetnsOf, netnsReader } from './cri/netns';
import { PodWatch } from './cri/pods';
import type { LocalPod } from './cri/sandbox';
import type { Datapath, Leftovers, OpenOptions } from './datapath/contract';
import type { Environment } from './environment';
import { type HealthServer, type Log, serveHealth } from '../process';
import { type Host, realHost } from './host';
import { serveConnections } from './inspector';
import { LiveReader } from './live/read';
import { LiveWatches } from './live/watches';
import { createMetrics } from './metrics';
import { DatapathOpener } from './opener';
import { Orders } from './orders';
import { buildReport, Reporter } from './report';

const tickMs = 1000;
/** The work of a second has not been done for this long: the process is of no use any more. */
const stuckMs = 60_000;

export interface AgentParts {
  readonly environment: Environment;
  readonly log: Log;
  readonly openDatapath: (options: OpenOptions) => Datapath;
  readonly leftovers: Leftovers;
  /** Version of the pinned maps that the object speaks; 0 when the object cannot be read. */
  readonly mapAbi: number;
  /** An error nobody expected: the process must end. */
  readonly onDefect: (error: unknown) => void;
  /** Warnings of the kernel's loader since the process began. */
  readonly warnings: () => number;
  readonly host?: Host;
  readonly netnsOf?: NetnsOf;
}

export interface Agent {
  readonly healthPort: number;
  /** Ends the process's part; everything in the kernel goes on. */
  close(): Promise<void>;
}

/** Rejects when a port is taken; whatever is wrong with the node or the controller is reported, not thrown. */
export async function startAgent({ environment, log, openDatapath, leftovers, mapAbi, onDefect, warnings, ...parts }: AgentParts): Promise<Agent> {
  const now = (): number => performance.now();
  const { pins, object } = environment;
  const orders = new Orders(new DatapathOpener({ host: parts.host ?? realHost, pins, object, open: openDatapath, leftovers, now }), now);

  let connected = false;
  let runtimeErrors = 0;
  const picture = (): Report => buildReport(orders.state(), runtimeErrors + warnings());
  let report = picture();
  let tickedAt = now();
  const reporter = new Reporter((latest) => client.send(latest), now);

  let localPods: readonly LocalPod[] = [];
  const live = new LiveWatches({
    reader: new LiveReader(() => orders.describer, now),
    pods: () => localPods,
    say: (watched, done) => client.answer(watched, done),
    now,
    onDefect,
  });

  const tick = (): void => {
    orders.step();
    report = picture();
    if (orders.settled) reporter.offer(report);
    tickedAt = now();
  };
  const guarded = <A extends unknown[]>(work: (...args: A) => void) => (...args: A): void => {
    try {
      work(...args);
    } catch (error) {
      onDefect(error);
    }
  };

  const cri = findCri({ hostRoot: environment.hostRoot, socket: environment.criSocket, podUid: environment.podUid });
  let known: ReadonlySet<string> = new Set();
  const watch = new PodWatch({
    cri,
    netnsOf: parts.netnsOf ?? netnsReader(),
    onPods: guarded((pods) => {
      const names = new Set(pods.map(({ namespace, name }) => `${namespace}/${name}`));
      const [came, went] = [[...names].filter((name) => !known.has(name)), [...known].filter((name) => !names.has(name))];
      if (came.length + went.length > 0) log.info('pods of the node have changed', { came, went });
      known = names;
      localPods = pods;
      orders.see(pods);
      tick();
    }),
    onReachable: guarded((trouble) => {
      if (trouble === undefined) log.info('the container runtime answers', { socket: cri.socket });
      else {
        runtimeErrors += 1;
        log.warn(trouble);
      }
      orders.runtime(trouble);
      tick();
    }),
    onOddity: (what) => {
      runtimeErrors += 1;
      log.warn(what);
    },
  });

  const unready = (): string | undefined => {
    if (orders.isOpen || report.released) return undefined;
    if (!connected) return 'no connection to the controller yet';
    return report.problems.length > 0 ? undefined : 'no order from the controller yet';
  };
  const metrics = createMetrics({ report: () => report, connected: () => connected });
  const health: HealthServer = await serveHealth(environment.healthPort, { alive: () => now() - tickedAt < stuckMs, unready, metrics });
  const inspector = await serveConnections(environment.inspector, (limit) => orders.connections(limit));

  const hello: Hello = { agentVersion: productVersion(), kernel: release(), architecture: machine(), mapAbi, ...abilities };
  const client: AgentClient = connectAgent({
    address: environment.controllerAddress,
    caFile: environment.caFile,
    tokenFile: environment.tokenFile,
    serverName: controllerName,
    hello: () => hello,
    onOrder: (order) => {
      const { revision, mode, remove, namespaces } = order;
      log.info('order', { revision, mode, remove, namespaces: namespaces.length });
      reporter.pace(order.reportSeconds);
      orders.take(order);
      tick();
    },
    onWatch: (watch) => live.take(watch),
    onState: (up, reason) => {
      connected = up;
      if (!up) live.end();
      log.log(up ? 'info' : 'warn', reason);
    },
    onDefect,
  });
  const ticker = setInterval(guarded(() => {
    watch.prune();
    orders.visit();
    tick();
    live.tick();
  }), tickMs);
  watch.run().catch(onDefect);
  guarded(tick)();

  return {
    healthPort: health.port,
    close: async () => {
      clearInterval(ticker);
      watch.stop();
      live.end();
      await client.close();
      cri.close();
      health.close();
      inspector.close();
      orders.close();
    },
  };
}
