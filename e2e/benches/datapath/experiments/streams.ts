// One-way streams by the size of a write, measured from the first byte to the last: the datapath recognises a stream only after some messages.
import { sized } from '../experiment';
import { hops, podExperiment, type Destination, type Hop } from './podExperiment';

const sizes = [64, 256, 1024, 4096, 16384, 65536];
const turnBytes = 1024;
/** Enough turns that the datapath goes on to know the destination as one whose connections take turns. */
const turnsBefore = 20;

/** What a connection does before it streams. */
const lives: readonly { readonly series: string; readonly hop: Hop; readonly destination: Destination; readonly turns: number }[] = [
  ...hops.map((hop) => ({ series: `after turns, ${hop}`, hop, destination: 'takes turns' as const, turns: turnsBefore })),
  { series: 'from its first byte, in a pod', hop: 'in a pod', destination: 'as the case is', turns: 0 },
];

export const streams = podExperiment({
  name: 'streams',
  method: `A connection of half a second for each slice, which writes in one direction as fast as it goes and ends when the reader has had everything. After turns: the connection was accelerated when it opened and took ${turnsBefore} turns; the stream’s beginning, in which it is recognised and leaves the map, counts. From its first byte: connections to the destination never did anything else. TCP_NODELAY is set.`,
  sides: ['accelerated', 'tcp'],
  cases: lives.flatMap(({ series, hop, destination, turns }) =>
    sizes.map((bytes) => ({
      name: `${sized(bytes)} ${series}`,
      x: sized(bytes),
      series,
      seconds: 0.5,
      hop,
      destination,
      program: 'stream' as const,
      serve: [turns === 0 ? 0 : turnBytes, turns, 'read'],
      words: [turns, turnBytes, bytes],
      quantities: ({ bytes: moved = 0, seconds = 0, kernelUs = 0 }) => ({
        gbitPerSecond: (8 * moved) / seconds / 1e9,
        kernelUsPerMiB: kernelUs / (moved / 2 ** 20),
      }),
    })),
  ),
  axis: { title: 'size of a write', ordered: true },
  // A slice may be off by a tenth: medians of only five rounds would differ by more than the difference to be found.
  rounds: 15,
  slices: 3,
});
