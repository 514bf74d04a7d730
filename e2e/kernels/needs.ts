// Tests that need what not every kernel has. Where a kernel lacks it they do not apply; what it does instead is shown by
// the traffic step, which joins connections the way the agent does there.
import type { KernelResult } from './result';

interface Need {
  /** What is lacking, in the words of the table. */
  readonly what: string;
  /** The optional program of the object that needs it. */
  readonly program: string;
  /** Names of tests, as they begin. */
  readonly tests: readonly string[];
}

const needs: readonly Need[] = [
  {
    what: 'visits',
    program: 'visit_connections',
    tests: [
      'connections to a new destination stay on TCP until a visit sees',
      'connections that were open before anything was attached are adopted',
      'connections of one request are not joined once the destination has shown',
      'a stream without answers goes back to TCP and leaves the map; it joins again',
    ],
  },
  {
    what: 'live data',
    program: 'describe_connections',
    tests: [
      'both ends of a joined connection are described',
      'a connection that stays on TCP has its reason',
      'nothing is described of a pod',
    ],
  },
];

/** What a failed test lacks; undefined where it had everything. */
export function lacking({ programs }: Pick<KernelResult, 'programs'>, test: string): string | undefined {
  const refused = new Set(programs.filter(({ loads }) => !loads).map(({ name }) => name));
  return needs.find(({ program, tests }) => refused.has(program) && tests.some((name) => test.startsWith(name)))?.what;
}
