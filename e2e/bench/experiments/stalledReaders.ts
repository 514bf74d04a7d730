// Readers that stop reading in the middle of a conversation, and what the kernel then holds for them.
import { sized } from '../experiment';
import { podExperiment } from './podExperiment';

/** The kernel counts TCP memory to about 1 MiB a CPU (SK_MEMORY_PCPU_RESERVE); over many connections that is nothing. */
const readers = 32;
/** Turns before the reader stalls: by then the connection is known for one that takes turns. */
const turns = 16;
const mib = 2 ** 20;

export const stalledReaders = podExperiment({
  name: 'stalled-readers',
  method: `${readers} connections inside a pod talk in turns ${turns} times; then the reader reads no more and the sender writes until nothing is taken any more. Memory is the growth of TCP's in /proc/net/sockstat, where redirected bytes are charged as well.`,
  sides: ['accelerated', 'tcp'],
  cases: [1024, 16384, 65536].map((bytes) => ({
    name: `writes of ${sized(bytes)}`,
    x: sized(bytes),
    series: 'in a pod',
    costs: 1.2,
    hop: 'in a pod' as const,
    program: 'stall' as const,
    serve: [bytes, turns, 'stall'],
    words: () => [readers, bytes, turns],
    quantities: ({ bytes: taken = 0, memoryBytes = 0, connections = 0 }) => ({
      memoryMiB: memoryBytes / connections / mib,
      takenMiB: taken / connections / mib,
    }),
  })),
  axis: { title: 'size of a write', ordered: true },
  rounds: 5,
});
