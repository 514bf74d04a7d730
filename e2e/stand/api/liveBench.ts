// A controller that serves live data to a real API server, and an agent whose connections the test makes up.
import { connectionWith, watchedWith } from '../../../operator/controller/live/live.testing';
import type { LiveEventType } from '../../../operator/api';
import type { Connection, PodTraffic } from '../../../operator/protocol';
import type { ApiServer } from './apiServer';
import { ControllerBench } from './controllerBench';
import { namespace } from './controllerProcess';
import { freePort } from '../support/freePort';
import { agentPod, namespaceReport, type TestAgent } from './testAgent';
import { waitFor } from '../support/waitFor';

const apiService = 'v1alpha1.live.acceleration.dev';
/** A Service of type ExternalName that leads to this machine: an API server without a cluster can reach no pod. */
const here = 'live-here';

export interface LiveBenchOptions {
  readonly audit?: boolean;
  /** Values of the chart, as for `helm --set`. */
  readonly values?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** More variables, for which a running API server is needed. */
  readonly environmentOf?: (server: ApiServer) => Promise<Record<string, string>>;
  /** The arguments of Node.js; by default they run the controller's sources. */
  readonly program?: readonly string[];
}

export class LiveBench {
  connections: Connection[] = [connectionWith()];
  /** The sums by pod that the agent answers with; at first of one pod of `shop`. */
  pods: PodTraffic[] = [{ namespace: 'shop', name: 'cart', open: 2, accelerated: 1, fastBytes: 5000, tcpBytes: 100, rttUs: 60 }];

  private constructor(
    readonly bench: ControllerBench,
    readonly port: number,
  ) {}

  /** Starts everything. Resolves when the API server serves live data. */
  static async start({
    audit = false,
    values = [],
    environment: more = {},
    environmentOf = () => Promise.resolve({}),
    program,
  }: LiveBenchOptions = {}): Promise<LiveBench> {
    const port = await freePort();
    const environment = { LIVE_PORT: String(port), LIVE_SERVICE: here, ...more };
    const bench = await ControllerBench.start({
      audit,
      values: ['liveData.enabled=true', ...values],
      controller: async (server) => ({
        environment: { ...environment, ...(await environmentOf(server)) },
        ...(program === undefined ? {} : { program }),
      }),
    });
    const live = new LiveBench(bench, port);
    try {
      await bench.create({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: here, namespace },
        spec: { type: 'ExternalName', externalName: 'localhost' },
      });
      await bench.kubectl([
        'patch',
        'apiservice',
        apiService,
        '--type=merge',
        '-p',
        JSON.stringify({ spec: { service: { name: here, namespace, port } } }),
      ]);
      await live.available();
      return live;
    } catch (error) {
      await bench.stop();
      throw error;
    }
  }

  /** Applies the resource, and connects an agent of node1 that answers questions for live data. */
  async agent(): Promise<TestAgent> {
    await this.bench.applyResource();
    await this.bench.create(agentPod('agent-1', 'node1'));
    await this.bench.daemonSetOf(1);
    const watched = ({ id, events, cancel }: { readonly id: number; readonly events: boolean; readonly cancel: boolean }) =>
      cancel ? undefined : watchedWith(id, events ? { last: false } : { connections: this.connections, pods: this.pods });
    const agent = await this.bench.obedient(
      await this.bench.podToken('agent-1'),
      [namespaceReport('shop', { open: 2, accelerated: 1 })],
      undefined,
      watched,
    );
    await this.bench.ready();
    return agent;
  }

  /** Waits until the API server serves live data. */
  async available(): Promise<void> {
    await this.bench.kubectl(['wait', '--for=condition=Available', `apiservice/${apiService}`, '--timeout=60s']);
    // The condition of the APIService alone is not enough: it may date from a controller that has ended since.
    await waitFor('an answer', async () => (await this.bench.server.kubectl(['get', '--raw', '/apis/live.acceleration.dev/v1alpha1'])).code === 0);
  }

  stop(): Promise<void> {
    return this.bench.stop();
  }
}

/** Waits until a watch is open, and sends the events to every open watch. */
export async function happen(
  agent: TestAgent,
  ...events: readonly { readonly type: LiveEventType; readonly connection: Connection }[]
): Promise<void> {
  const open = await waitFor('a watch to be open', () => {
    const ended = new Set(agent.watches.filter(({ cancel }) => cancel).map(({ id }) => id));
    const found = agent.watches.filter(({ id, events: follows }) => follows && !ended.has(id));
    return found.length > 0 ? found : undefined;
  });
  for (const { id } of open) agent.tell(watchedWith(id, { events: [...events], last: false }));
}
