// The measured block of the README: medians and ratios of a demo's report, as a table.
import { z } from 'zod';
import { compared } from '../../../../operator/cli/bench/comparison';

const run = z.looseObject({
  protocol: z.string(),
  path: z.string(),
  mode: z.string(),
  qps: z.number(),
  avgMs: z.number(),
  p99Ms: z.number(),
  kernelCpuUsPerRequest: z.number(),
  errors: z.int(),
});

/** The demo's report; only the fields that the table needs are checked. */
export const reportSchema = z.looseObject({ runs: z.array(run) });

type Run = z.infer<typeof run>;

const figures = [
  { key: 'qps', title: 'QPS', digits: 0 },
  { key: 'avgMs', title: 'average ms', digits: 2 },
  { key: 'p99Ms', title: 'p99 ms', digits: 2 },
  { key: 'kernelCpuUsPerRequest', title: 'kernel CPU µs a request', digits: 0 },
] as const satisfies readonly { key: keyof Run; title: string; digits: number }[];

interface Way {
  readonly name: string;
  readonly off: readonly Run[];
  readonly on: readonly Run[];
}

/** A table with a line for each protocol and path that was run in mode Off and in mode Accelerate. */
export function measuredTable({ runs }: z.infer<typeof reportSchema>): string {
  const ways = waysOf(runs);
  if (ways.length === 0) throw new Error('reading the report of the demo: no path was run both in mode Off and in mode Accelerate; run make demo');
  const errors = runs.reduce((sum, each) => sum + each.errors, 0);
  const rounds = ways.map(({ on }) => on.length);
  return [
    `| off → on | ${figures.map(({ title }) => title).join(' | ')} |`,
    `|---|${figures.map(() => '---').join('|')}|`,
    ...ways.map(row),
    '',
    `Medians of ${[...new Set([Math.min(...rounds), Math.max(...rounds)])].join(' to ')} interleaved pairs of runs; in brackets the ratio and what it lay between; ${errors} failed requests.`,
  ].join('\n');
}

/** The pairs of protocol and path, in the order in which they first appear. */
function waysOf(runs: readonly Run[]): Way[] {
  const names = [...new Set(runs.map(nameOf))];
  const ofMode = (name: string, mode: string) => runs.filter((each) => nameOf(each) === name && each.mode === mode);
  return names
    .map((name) => ({ name, off: ofMode(name, 'Off'), on: ofMode(name, 'Accelerate') }))
    .filter(({ off, on }) => off.length > 0 && on.length > 0);
}

function nameOf({ protocol, path }: Run): string {
  return `${protocol.toUpperCase()}, ${path}`;
}

function row({ name, off, on }: Way): string {
  return `| ${name} | ${figures.map((figure) => cell(figure, off, on)).join(' | ')} |`;
}

function cell({ key, digits }: (typeof figures)[number], off: readonly Run[], on: readonly Run[]): string {
  const { medians, ratio, spread } = compared(
    off.map((each) => each[key]),
    on.map((each) => each[key]),
    digits,
  );
  return `${medians} (${ratio}; ${spread})`;
}
