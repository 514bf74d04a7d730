// A stand for tests of rollouts: that of the controller, with simulated nodes and a proxy between the controller and the API server.
import { z } from 'zod';
import type { RolloutStage, RolloutStatus } from '../../../operator/api';
import { FaultProxy } from './proxy';
import { ControllerBench } from './controllerBench';
import { compiled, namespace } from './controllerProcess';
import { type Fate, SimulatedFleet } from './simulatedFleet';
import { waitFor } from '../support/waitFor';

const patience = { timeoutMs: 90_000 };
const eventList = z.object({ items: z.array(z.object({ reason: z.string(), note: z.string() })) });

export class RolloutBench {
  private constructor(
    readonly bench: ControllerBench,
    readonly fleet: SimulatedFleet,
    readonly proxy: FaultProxy,
  ) {}

  /** Starts everything; the resource is not applied yet. */
  static async start(fateOf: (node: string, image: string) => Fate): Promise<RolloutBench> {
    let proxy: FaultProxy | undefined;
    const bench = await ControllerBench.start({
      controller: async ({ url }) => {
        proxy = await FaultProxy.start(url);
        return { url: proxy.url, program: compiled };
      },
    });
    if (proxy === undefined) throw new Error('starting the bench of a rollout: there is no proxy');
    return new RolloutBench(bench, await SimulatedFleet.start(bench, fateOf), proxy);
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.bench.stop();
    await this.proxy.stop();
  }

  async rollout(): Promise<RolloutStatus | undefined> {
    return (await this.bench.resource()).status?.rollout;
  }

  /** Sets another image of the agents in the spec. */
  image(image: string): Promise<string> {
    return this.bench.change({ spec: { agent: { image } } });
  }

  policy(rollout: object): Promise<string> {
    return this.bench.change({ spec: { rollout } });
  }

  /** Waits until the rollout of the current spec is at one of these stages. */
  at(...stages: RolloutStage[]): Promise<RolloutStatus> {
    return waitFor(
      `the stage ${stages.join(' or ')}`,
      async () => {
        const { metadata, status } = await this.bench.resource();
        const { rollout, observedGeneration } = status ?? {};
        if (rollout === undefined || !stages.includes(rollout.stage) || observedGeneration !== metadata.generation)
          throw new Error(`${JSON.stringify(rollout)}; the controller: ${this.bench.controller.tail()}`);
        return rollout;
      },
      patience,
    );
  }

  /** Waits until exactly these nodes run agents of the image. */
  async runs(image: string, nodes: readonly string[]): Promise<void> {
    await waitFor(
      `${image} on ${nodes.join(', ')}`,
      () => {
        expect(this.fleet.on(image)).toEqual([...nodes].sort());
        return true;
      },
      patience,
    );
  }

  /** Kills the controller, ends the proxy's fault and starts the controller again. It leads at once, because its Lease is deleted. */
  async crash(): Promise<void> {
    const { controller } = this.bench;
    await controller.stop('SIGKILL');
    this.proxy.mend();
    await this.bench.kubectl(['delete', 'lease', 'sidecar-acceleration-controller', '-n', namespace, '--ignore-not-found']);
    await controller.start();
  }

  /** The reasons of the events that name this revision, in alphabetical order. */
  async eventsOf(revision: string): Promise<string[]> {
    const { items } = eventList.parse(
      await this.bench.get('events.events.k8s.io', '-n', 'default', '--field-selector=regarding.kind=SidecarAcceleration'),
    );
    return items
      .filter(({ note }) => note.includes(`revision ${revision}`))
      .map(({ reason }) => reason)
      .sort();
  }
}
