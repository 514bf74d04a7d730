// Readers that stop reading on an open connection, and how much memory the kernel then holds for them.
import { sized } from '../experiment';
import { podExperiment } from './podExperiment';

/** Turns before the reader stalls: after them the datapath knows that the connection takes turns, and redirects. */
const turns = 16;
const mib = 2 ** 20;
const unlimited = 2 ** 40;

/**
 * The kernel counts TCP's memory to about 1 MiB a CPU (SK_MEMORY_PCPU_RESERVE), so the memory of one reader is that of 32 readers divided by 32.
 * If a thousand readers were all blocked, they would reach net.ipv4.tcp_mem with the product and without it, and slow down all other connections
 * of the machine. So each of the thousand only has half a MiB unread.
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
