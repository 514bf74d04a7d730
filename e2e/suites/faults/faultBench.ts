// The controller behind a proxy that makes faults, with an agent, and a rival: another field manager that owns fields of the same objects.
import { ControllerBench, daemonSet } from '../../stand/api/controllerBench';
import { namespace } from '../../stand/api/controllerProcess';
import { agentPod, namespaceReport, type TestAgent } from '../../stand/api/testAgent';
import { waitFor } from '../../stand/support/waitFor';
import { FaultProxy } from '../../stand/api/proxy';
import type { Endured } from './results';
import { Rival } from './rival';

/** How soon after a fault everything must be right again: the longest back-off, and the work after it. */
const convergeWithinMs = 60_000;

type Mend = (() => void | Promise<void>) | void;

export interface Hardship {
  /** How long the fault lasts. */
  readonly ms: number;
  /** Begins the fault. Returns a function that ends it, unless the proxy's mend() is enough. */
  readonly fault: () => Mend | Promise<Mend>;
  /** False when the administrator cannot reach the API server during the fault either: then nothing is changed while it lasts. */
  readonly changing?: boolean;
  readonly convergeWithinMs?: number;
}

export class FaultBench {
  private turn = 0;

  private constructor(
    readonly bench: ControllerBench,
    readonly proxy: FaultProxy,
    readonly agent: TestAgent,
    private readonly rival: Rival,
  ) {}

  /** Starts everything. Resolves when the controller leads, the resource is Ready, and the rival owns its fields. */
  static async start(): Promise<FaultBench> {
    let proxy: FaultProxy | undefined;
    const bench = await ControllerBench.start({
      controller: async ({ url }) => {
        proxy = await FaultProxy.start(url);
        return { url: proxy.url };
      },
    });
    try {
      if (proxy === undefined) throw new Error('starting the bench of faults: the controller was made without its proxy');
      await bench.applyResource();
      await bench.create(agentPod('agent-1', 'node1'));
      await bench.daemonSetOf(1);
      const agent = await bench.obedient(await bench.podToken('agent-1'), [namespaceReport('shop', { open: 10, accelerated: 8 })]);
      await bench.ready();
      return new FaultBench(bench, proxy, agent, await Rival.of(bench));
    } catch (error) {
      await bench.stop();
      await proxy?.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.bench.stop();
    await this.proxy.stop();
  }

  /** Makes a fault for a time, ends it, and waits until everything is right again. @returns the rate of requests during the fault */
  async through(name: string, { ms, fault, changing = true, convergeWithinMs: within = convergeWithinMs }: Hardship): Promise<Endured> {
    const began = performance.now();
    const mend = await fault();
    if (changing) await this.change();
    // The whole time has to pass, because the number of requests in it is measured.
    await new Promise((resolve) => setTimeout(resolve, ms - (performance.now() - began)));
    const rate = this.proxy.requests.rate(began);
    await mend?.();
    this.proxy.mend();
    const mended = performance.now();
    await this.converged(within);
    return { fault: name, seconds: Math.round(ms / 1000), rate, convergedMs: Math.round(performance.now() - mended) };
  }

  /** Makes a change of each kind and waits until the controller has followed all of them; checks that the rival's fields are as before. */
  private async converged(withinMs: number): Promise<void> {
    const { bench, agent } = this;
    const { spillBytes, selected, fastBytes } = await this.change();
    const within = { timeoutMs: withinMs };
    await agent.ordered('with what changed', (order) => order.spillBytes === spillBytes && order.namespaces.includes('plain') === selected, withinMs);
    await waitFor('the report in the status', async () => (await bench.resource()).status?.bytes?.fast === fastBytes, within);
    await waitFor(
      'the DaemonSet to be put right',
      async () => (await bench.get('ds', daemonSet, '-n', namespace)).spec.template.spec.hostPID === true,
      within,
    );
    await bench.daemonSetOf(1);
    await bench.ready('60s');
    await this.rival.keepsItsFields();
    if (!bench.controller.running) throw new Error(`the controller has ended by itself: ${bench.controller.tail()}`);
  }

  private wanted = { spillBytes: 0, selected: false, fastBytes: 0 };

  /** Changes the resource, a namespace, the DaemonSet and the agent's report. Returns the values to expect. */
  private async change(): Promise<{ spillBytes: number; selected: boolean; fastBytes: number }> {
    const { bench, agent } = this;
    this.turn += 1;
    this.wanted = { spillBytes: 8192 + this.turn, selected: this.turn % 2 === 1, fastBytes: this.turn * 1000 };
    const { spillBytes, selected, fastBytes } = this.wanted;
    await bench.change({ spec: { connections: { spillBytes } } });
    await bench.kubectl(['label', '--overwrite', 'namespace', 'plain', `mesh=${selected ? 'on' : 'off'}`]);
    await bench.kubectl(['patch', 'ds', daemonSet, '-n', namespace, '--type=merge', '-p', '{"spec":{"template":{"spec":{"hostPID":false}}}}']);
    agent.say([namespaceReport('shop', { open: 10, accelerated: 8, fastBytes })]);
    return this.wanted;
  }
}
