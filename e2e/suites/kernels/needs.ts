// Tests that need what not every kernel has. Where a kernel lacks it they do not apply; what it does instead is shown by
// the traffic step, which joins connections the way the agent does there.

/** Since 6.12; before, what was open before anything was attached stays on TCP. */
export const callbacksProbe = 'visits may ask for callbacks';

/** What is known of a kernel. */
interface Known {
  readonly programs: readonly { readonly name: string; readonly loads: boolean }[];
  readonly traffic: readonly { readonly way: string }[];
  readonly conformance: readonly { readonly case: string; readonly result: string }[];
  readonly probes: readonly { readonly name: string; readonly answer: string }[];
}

interface Need {
  /** What is lacking, in the words of the table. */
  readonly what: string;
  lacks(kernel: Known): boolean;
  /** Names of tests, as they begin. */
  readonly tests: readonly string[];
}

const needs: readonly Need[] = [
  {
    what: 'visits',
    lacks: ({ traffic }) => traffic.length > 0 && !traffic.some(({ way }) => way === 'by visits'),
    tests: [
      'connections to a new destination stay on TCP until a visit sees',
      'connections that were open before anything was attached are adopted',
      'ends that looked for their peers in vain are found',
      'connections of one request are not joined once the destination has shown',
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
    tests: [
      'both ends of a joined connection are described',
      'a connection that stays on TCP has its reason',
      'nothing is described of a pod',
    ],
  },
  {
    what: 'Multipath TCP',
    lacks: ({ conformance }) => conformance.some((row) => row.case === 'mptcp' && row.result === 'unsupported'),
    tests: ['does not join a Multipath TCP connection'],
  },
];

/** Whether an optional program of the object does not load. */
function refuses(program: string): Need['lacks'] {
  return ({ programs }) => programs.some(({ name, loads }) => name === program && !loads);
}

/** What a failed test lacks; undefined where it had everything. */
export function lacking(kernel: Known, test: string): string | undefined {
  return needs.find(({ lacks, tests }) => tests.some((name) => test.startsWith(name)) && lacks(kernel))?.what;
}
