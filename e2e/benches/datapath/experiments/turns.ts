// Requests and answers in turns: the round trip of one connection by size, and that of many connections at once.
import { sized, type Case, type Values } from '../experiment';
import { podExperiment, type LoadCase } from './podExperiment';

const kib = 1024;
const requestBytes = kib;
/** From this size on, copying takes most of a turn, and a turn must be shorter than over AF_UNIX. */
const largeBytes = 4 * kib;
const sizes = [1, 64, kib, largeBytes, 16 * kib, 64 * kib, 128 * kib];

const largeNames = new Set(sizes.filter((bytes) => bytes >= largeBytes).map(sized));

/** Whether a case of the round trips is one of large messages. */
export const isLargeTurn = ({ name }: Pick<Case, 'name'>): boolean => largeNames.has(name);

function turns(named: Pick<Case, 'name' | 'x' | 'slow' | 'seconds'>, connections: number, bytes: number): LoadCase {
  return {
    ...named,
    series: 'in a pod',
    hop: 'in a pod',
    destination: 'takes turns',
    lasting: connections,
    program: 'turns',
    serve: [bytes, 0, 'stay'],
    words: [connections, bytes, 0],
    quantities: ({ requests = 0, seconds = 0, kernelUs = 0 }: Values) => ({
      rttUs: (1e6 * seconds * connections) / requests,
      requestsPerSecond: requests / seconds,
      kernelUs: kernelUs / requests,
    }),
  };
}

export const roundTrips = podExperiment({
  name: 'round-trips',
  method:
    'One connection inside a pod, as between an application and its sidecar; a request and an answer of the same size in turns. Both ends wait in an edge-triggered epoll and read non-blocking sockets, as Envoy, nginx and Go do; AF_UNIX by the same program. The accelerated connection is in the map before the first round.',
  sides: ['accelerated', 'tcp', 'unix'],
  cases: sizes.map((bytes) => turns({ name: sized(bytes), x: sized(bytes), seconds: 0.06 }, 1, bytes)),
  axis: { title: 'size of request and of answer', ordered: true },
  rounds: 9,
  slices: 5,
});

/** The numbers of connections, and seconds of a run: the more connections there are, the longer it takes until each has had a turn. */
const crowds = [
  { connections: 1, seconds: 0.06 },
  { connections: 64, seconds: 0.06 },
  { connections: 1_000, seconds: 0.15 },
  { connections: 10_000, seconds: 0.6, slow: true as const },
];

export const manyConnections = podExperiment({
  name: 'many-connections',
  method: `Many connections inside a pod, each with a request of ${sized(requestBytes)} under way at any time, to one server; a round trip then is the time until a request’s turn has come and its answer is there.`,
  sides: ['accelerated', 'tcp'],
  cases: crowds.map(({ connections, ...rest }) => {
    const x = connections.toLocaleString('en');
    return turns(
      { name: connections === 1 ? `1 connection, ${sized(requestBytes)}` : `${x} connections, ${sized(requestBytes)}`, x, ...rest },
      connections,
      requestBytes,
    );
  }),
  axis: { title: 'open connections', ordered: true },
  rounds: 7,
  slices: 3,
});
