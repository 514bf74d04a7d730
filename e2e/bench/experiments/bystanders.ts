// Connections that the product has nothing to give: what do they pay for its being there?
import { BenchNode, type Load } from '../benchNode';
import type { Case, Experiment, Pace, Side, Stage, Values } from '../experiment';

const kib = 1024;
const ways = ['not selected', 'to another node'] as const;

interface BystanderCase extends Case {
  readonly way: (typeof ways)[number];
  readonly work: Pick<Load, 'program' | 'serve'>;
  words(pace: Pace): Load['words'];
  perSecond(printed: Values): number;
}

/** What a bystander does, of each kind of life that a connection can have. */
const works: readonly (Pick<BystanderCase, 'x' | 'work' | 'words' | 'perSecond'>)[] = [
  {
    x: 'stream',
    work: { program: 'stream', serve: [0, 0, 'stay'] },
    words: ({ seconds }) => [16 * kib, seconds],
    perSecond: ({ bytes = 0, seconds = 0 }) => bytes / 2 ** 20 / seconds,
  },
  {
    x: 'turns',
    work: { program: 'turns', serve: [kib, 0, 'stay'] },
    words: ({ warmup, seconds }) => [1, kib, 0, warmup, seconds],
    perSecond: ({ requests = 0, seconds = 0 }) => requests / seconds,
  },
  {
    x: 'one request a connection',
    work: { program: 'brief', serve: [kib, 1, 'close'] },
    words: ({ warmup, seconds }) => [1, kib, warmup, seconds],
    perSecond: ({ connections = 0, seconds = 0 }) => connections / seconds,
  },
];

const cases: readonly BystanderCase[] = ways.flatMap((way) =>
  works.map((work) => ({ ...work, way, name: `${work.x}, ${way}`, series: way, costs: 0.6 })),
);

/** The neighbour: an accelerated connection of 500 turns a second, which leaves the bystander its processor. */
const neighbour: Pick<Load, 'program' | 'serve' | 'words'> = { program: 'turns', serve: [kib, 0, 'stay'], words: [1, kib, 2000, 0, 3600] };
const neighbourPort = 7999;
const firstPort = 8000;

class BystanderStage implements Stage<BystanderCase> {
  private stopNeighbour: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly node: BenchNode,
    private readonly pace: Pace,
    private readonly pods = { unselected: [node.addPod(), node.addPod()] as const, far: node.addPod() },
  ) {}

  async enter(side: Side): Promise<void> {
    await this.stopNeighbour();
    this.node.attach(side === 'beside');
    const { client, server } = this.node;
    const running = await this.node.start({ client, server, within: { client: true, server: true }, address: `${server.address}:${neighbourPort}`, ...neighbour });
    // It is stopped before it has anything to print.
    running.result.catch(() => undefined);
    this.stopNeighbour = running.stop;
  }

  async run(it: BystanderCase): Promise<Values> {
    const { way, work, words, perSecond } = it;
    const { unselected, far } = this.pods;
    const [client, server] = way === 'not selected' ? unselected : [this.node.client, far];
    const within = { client: true, server: way === 'not selected' };
    const address = `${server.address}:${firstPort + cases.indexOf(it)}`;
    return { workPerSecond: perSecond(await this.node.run({ client, server, within, address, ...work, words: words(this.pace) })) };
  }

  async close(): Promise<void> {
    await this.stopNeighbour();
    await this.node.close();
  }
}

export const bystanders: Experiment<BystanderCase> = {
  name: 'bystanders',
  method: 'Between pods, with an accelerated connection of 500 turns a second at work on the node, against the same with no program attached: two pods that are not selected; and a selected pod to one whose processes are on no cgroup of this node’s pods, as on another node. Streams in writes of 16 KiB, requests of 1 KiB.',
  sides: ['beside', 'none'],
  cases,
  axis: { title: 'what the connection does', ordered: false },
  rounds: 15,
  switched: true,
  open: async (pace) => new BystanderStage(await BenchNode.open(), pace),
};
