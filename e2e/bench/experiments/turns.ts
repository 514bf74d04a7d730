// Requests and answers in turns: the round trip of one connection by size, and the rate of many connections.
import { sized, type Case, type Values } from '../experiment';
import { podExperiment, type LoadCase } from './podExperiment';

const kib = 1024;
const requestBytes = kib;

function turns(named: Pick<Case, 'name' | 'x' | 'series' | 'costs' | 'slow'>, connections: number, bytes: number): LoadCase {
  return {
    ...named,
    hop: 'in a pod',
    program: 'turns',
    serve: [bytes, 0, 'stay'],
    words: ({ warmup, seconds }) => [connections, bytes, 0, warmup, seconds],
    quantities,
  };
}

function quantities({ requests = 0, seconds = 0, kernelUs = 0 }: Values): Values {
  return { rttUs: (1e6 * seconds) / requests, requestsPerSecond: requests / seconds, kernelUs: kernelUs / requests };
}

export const roundTrips = podExperiment({
  name: 'round-trips',
  method: 'One connection inside a pod, as between an application and its sidecar; a request and an answer of the same size in turns. Both ends wait in epoll and read non-blocking sockets, as proxies do; AF_UNIX by the same program.',
  sides: ['accelerated', 'tcp', 'unix'],
  cases: [1, 64, kib, 4 * kib, 16 * kib, 64 * kib, 128 * kib].map((bytes) =>
    turns({ name: sized(bytes), x: sized(bytes), series: 'in a pod', costs: 0.5 }, 1, bytes),
  ),
  axis: { title: 'size of request and of answer', ordered: true },
  rounds: 9,
});

/** The more connections there are, the longer they take to be made and to show what they are. */
const crowds = [
  { connections: 1, costs: 0.5 },
  { connections: 64, costs: 0.5 },
  { connections: 1_000, costs: 0.8 },
  { connections: 10_000, costs: 4, slow: true as const },
];

export const manyConnections = podExperiment({
  name: 'many-connections',
  method: `Many connections inside a pod, each with a request of ${sized(requestBytes)} under way at any time, to one server.`,
  sides: ['accelerated', 'tcp'],
  cases: crowds.map(({ connections, ...rest }) => {
    const x = connections.toLocaleString('en');
    return turns({ name: connections === 1 ? '1 connection' : `${x} connections`, x, series: 'in a pod', ...rest }, connections, requestBytes);
  }),
  axis: { title: 'open connections', ordered: true },
  rounds: 7,
});
