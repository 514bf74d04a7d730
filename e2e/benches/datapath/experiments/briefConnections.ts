// Connections that live for a few requests only, one after the other.
import { sized } from '../experiment';
import { hops, podExperiment } from './podExperiment';

const requestBytes = 1024;

export const briefConnections = podExperiment({
  name: 'brief-connections',
  method: `Connections of a few requests of ${sized(requestBytes)}, one after the other; the server closes. The same destination was in use for a while before, as a service is: what is known of it counts.`,
  sides: ['accelerated', 'tcp'],
  cases: hops.flatMap((hop) =>
    [1, 2, 5, 20].map((requests) => ({
      name: `${requests} ${requests === 1 ? 'request' : 'requests'} ${hop}`,
      x: String(requests),
      series: hop,
      seconds: 0.08,
      hop,
      destination: 'as the case is' as const,
      program: 'brief' as const,
      serve: [requestBytes, requests, 'close'],
      words: [requests, requestBytes],
      quantities: ({ connections = 0, seconds = 0, kernelUs = 0 }) => ({
        connectionsPerSecond: connections / seconds,
        kernelUs: kernelUs / (connections * requests),
      }),
    })),
  ),
  axis: { title: 'requests in the life of a connection', ordered: true },
  // The difference to be found is two hundredths, and a single slice may be off by a tenth.
  rounds: 31,
  slices: 5,
});
