// One-way streams by the size of a write, from the first byte to the last: a connection shows only with time that it is one.
import { sized } from '../experiment';
import { hops, podExperiment } from './podExperiment';

const sizes = [64, 256, 1024, 4096, 16384, 65536];
const readEverything = [0, 0, 'stay'];

export const streams = podExperiment({
  name: 'streams',
  method: 'One connection, one direction, as fast as it goes; all of its life counts, the part before it is recognised as a stream included. TCP_NODELAY is set.',
  sides: ['accelerated', 'tcp'],
  cases: hops.flatMap((hop) =>
    sizes.map((bytes) => ({
      name: `${sized(bytes)} ${hop}`,
      x: sized(bytes),
      series: hop,
      costs: 0.5,
      hop,
      program: 'stream' as const,
      serve: readEverything,
      words: ({ seconds }) => [bytes, seconds],
      quantities: ({ bytes: moved = 0, seconds = 0, kernelUs = 0 }) => ({
        gbitPerSecond: (8 * moved) / seconds / 1e9,
        kernelUsPerMiB: kernelUs / (moved / 2 ** 20),
      }),
    })),
  ),
  axis: { title: 'size of a write', ordered: true },
  rounds: 9,
});
