// Connections that are not accelerated: how much slower are they on a node with the product than on a node without it?
import { median } from '../../../../operator/cli/bench/statistics';
import { BenchNode } from '../benchNode';
import { sliceOf, type Case, type Experiment, type Pace, type Side, type Stage, type Values } from '../experiment';
import type { Load, RunningLoad } from '../loads';

const kib = 1024;
const ways = ['not selected', 'to another node'] as const;
/** Slices of a run. The median of them counts, so that a short disturbance of the machine does not. */
const slices = 3;

interface BystanderCase extends Case {
  readonly way: (typeof ways)[number];
  readonly load: Pick<Load, 'program' | 'serve' | 'words'>;
  /** The printed value that counts the work; it is divided by the seconds of the slice. */
  readonly counts: 'bytes' | 'requests' | 'connections';
}

/** The loads of a connection that is not accelerated: a stream, turns, and a connection for each request. */
const works: readonly Pick<BystanderCase, 'x' | 'load' | 'counts'>[] = [
  { x: 'stream', load: { program: 'stream', serve: [0, 0, 'stay'], words: [0, 0, 16 * kib] }, counts: 'bytes' },
  { x: 'turns', load: { program: 'turns', serve: [kib, 0, 'stay'], words: [1, kib, 0] }, counts: 'requests' },
  { x: 'one request each', load: { program: 'brief', serve: [kib, 1, 'close'], words: [1, kib] }, counts: 'connections' },
];

const cases: readonly BystanderCase[] = ways.flatMap((way) =>
  works.map((work) => ({ ...work, way, name: `${work.x}, ${way}`, series: way, seconds: 0.4 })),
);

/** The accelerated connection beside it: at most 500 turns a second, so that the measured connection has processor time. */
const neighbour: Pick<Load, 'program' | 'serve' | 'words'> = { program: 'turns', serve: [kib, 0, 'stay'], words: [1, kib, 2000] };
const neighbourPort = 7999;
const neighbourSeconds = 3600;
const firstPort = 8000;

class BystanderStage implements Stage<BystanderCase> {
  private stopNeighbour: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly node: BenchNode,
    private readonly pace: Pace,
    private readonly pods = { unselected: { client: node.addPod(), server: node.addPod() }, far: node.addFarPod() },
  ) {}

  async enter(side: Side): Promise<void> {
    await this.stopNeighbour();
    this.node.attach(side === 'beside');
    const pair = this.node.accelerated;
    const running = await this.node.start({ ...pair, address: `${pair.server.pod.address}:${neighbourPort}`, ...neighbour });
    this.stopNeighbour = () => running.stop();
    // The neighbour is stopped before its slice is over, so it never prints a result.
    running.slice(neighbourSeconds).catch(() => undefined);
    if (side === 'none') return;
    await this.node.allAccelerated(1);
    await this.node.readersLeftAlone();
  }

  async run(it: BystanderCase): Promise<Values> {
    const pair = it.way === 'not selected' ? this.pods.unselected : { client: this.node.accelerated.client, server: this.pods.far };
    const running = await this.node.start({ ...pair, ...it.load, address: `${pair.server.pod.address}:${firstPort + cases.indexOf(it)}` });
    try {
      return { workPerSecond: await this.perSecond(it, running) };
    } finally {
      await running.stop();
    }
  }

  async close(): Promise<void> {
    await this.stopNeighbour();
    await this.node.close();
  }

  private async perSecond(it: BystanderCase, running: RunningLoad): Promise<number> {
    const seconds = sliceOf(it, this.pace) / (slices + 1);
    await running.slice(seconds);
    const rates: number[] = [];
    while (rates.length < slices) {
      const found = await running.slice(seconds);
      rates.push((found[it.counts] ?? Number.NaN) / (found.seconds ?? Number.NaN));
    }
    return median(rates);
  }
}

export const bystanders: Experiment<BystanderCase> = {
  name: 'bystanders',
  method:
    'On a node with the product and an accelerated connection of 500 turns a second, against the same node and connection with no program attached: two pods that are not selected; and a selected pod to one that the datapath does not know, as on another node. Streams in writes of 16 KiB, requests of 1 KiB. Taken once the readers of the accelerated connection are known: where they can only be watched by system calls, every one of the node takes longer meanwhile, which the figure of system calls tells.',
  sides: ['beside', 'none'],
  cases,
  axis: { title: 'what the connection does', ordered: false },
  rounds: 25,
  switched: true,
  open: async (pace) => new BystanderStage(await BenchNode.open(), pace),
};
