// Readers that stop reading in the middle of a conversation, and what the kernel then holds for them.
import { sized } from '../experiment';
import { podExperiment } from './podExperiment';

/** Turns before the reader stalls: by then the connection is known for one that takes turns. */
const turns = 16;
const mib = 2 ** 20;
const unlimited = 2 ** 40;

/**
 * TCP's memory is counted to about 1 MiB a CPU (SK_MEMORY_PCPU_RESERVE), so one reader's is the 32nd part of 32 readers'.
 * A thousand that were all blocked would meet net.ipv4.tcp_mem on either side, and the machine's other connections would
 * meet it with them: they are half a MiB behind each.
 */
const stalls = [
  ...[1024, 16384, 65536].map((bytes) => ({ readers: 32, bytes, most: unlimited, series: 'one of 32 blocked readers' })),
  ...[1024, 16384, 65536].map((bytes) => ({ readers: 1000, bytes, most: mib / 2, series: 'one of 1,000 readers half a MiB behind' })),
];

export const stalledReaders = podExperiment({
  name: 'stalled-readers',
  method: `Connections inside a pod talk in turns ${turns} times; then the reader reads no more and the sender writes until nothing is taken any more, or, of a thousand readers, half a MiB is: blocked all together they would meet the node’s limit net.ipv4.tcp_mem on either side, not their own. Memory is the growth of TCP’s in /proc/net/sockstat, where redirected bytes are charged as well, by the number of readers.`,
  sides: ['accelerated', 'tcp'],
  cases: stalls.map(({ readers, bytes, most, series }) => ({
    name: `${series}, writes of ${sized(bytes)}`,
    x: sized(bytes),
    series,
    seconds: 1,
    hop: 'in a pod' as const,
    destination: 'takes turns' as const,
    lasting: readers,
    once: true as const,
    program: 'stall' as const,
    serve: [bytes, turns, 'stall'],
    words: [readers, bytes, turns, most],
    quantities: ({ bytes: taken = 0, memoryBytes = 0, connections = 0 }) => ({
      memoryMiB: memoryBytes / connections / mib,
      takenMiB: taken / connections / mib,
    }),
  })),
  axis: { title: 'size of a write', ordered: true },
  rounds: 5,
});
