// Tests that need a feature which not every kernel has. On a kernel without it these tests do not apply. The step traffic shows what such a
// kernel does instead, because it joins connections as the agent does there.

/** Since Linux 6.12. On older kernels connections that were open before the programs were attached stay on TCP. */
export const callbacksProbe = 'visits may ask for callbacks';

/** The recorded results that show which features a kernel has. */
interface Known {
  readonly programs: readonly { readonly name: string; readonly loads: boolean }[];
  readonly traffic: readonly { readonly way: string }[];
  readonly conformance: readonly { readonly case: string; readonly result: string }[];
  readonly probes: readonly { readonly name: string; readonly answer: string }[];
}

interface Need {
  /** The feature, in the words of the page. */
  readonly what: string;
  lacks(kernel: Known): boolean;
  /** The beginnings of the names of the tests that need it. */
  readonly tests: readonly string[];
}

const needs: readonly Need[] = [
  {
    what: 'visits',
    lacks: ({ traffic }) => traffic.length > 0 && !traffic.some(({ way }) => way === 'by visits'),
    tests: [
      'connections to a new destination stay on TCP until a scan sees',
      'connections that were open before anything was attached are adopted',
      'ends that looked for their peers in vain are found',
      'connections of one request are not joined once the destination has shown',
      'connections to another node are sampled',
      'a stream without answers goes back to TCP and leaves the map; it joins again',
    ],
  },
  {
    what: 'callbacks asked for by visits',
    lacks: ({ probes }) => probes.some(({ name, answer }) => name === callbacksProbe && answer === 'no'),
    tests: [
      'connections that were open before anything was attached are adopted',
      'ends that looked for their peers in vain are found',
      'connections of one request are not joined once the destination has shown',
    ],
  },
  {
    what: 'live data',
    lacks: refuses('describe_connections'),
    tests: ['both ends of a joined connection are described', 'a connection that stays on TCP has its reason', 'nothing is described of a pod'],
  },
  {
    what: 'Multipath TCP',
    lacks: ({ conformance }) => conformance.some((row) => row.case === 'mptcp' && row.result === 'unsupported'),
    tests: ['a Multipath TCP connection is not joined'],
  },
];

/** Whether an optional program of the object does not load. */
function refuses(program: string): Need['lacks'] {
  return ({ programs }) => programs.some(({ name, loads }) => name === program && !loads);
}

/** The feature that a failed test needs and the kernel lacks; undefined when the kernel has everything that the test needs. */
export function lacking(kernel: Known, test: string): string | undefined {
  return needs.find(({ lacks, tests }) => tests.some((name) => test.startsWith(name)) && lacks(kernel))?.what;
}
