// The result of a bench: its JSON, which the console reads, and its report in Markdown.
import { z } from 'zod';
import { compared, type Comparison } from './comparison';
import { median } from './statistics';

const figure = z.number();

export const benchRun = z.object({
  protocol: z.enum(['tcp', 'http']),
  mode: z.enum(['Off', 'Accelerate']),
  round: z.int(),
  qps: figure,
  avgMs: figure,
  p50Ms: figure,
  p99Ms: figure,
  requests: figure,
  errors: figure,
});

export const benchResult = z.object({
  version: z.literal(1),
  at: z.iso.datetime(),
  /** Address of the API server. */
  server: z.string(),
  accelctl: z.string(),
  node: z.object({ name: z.string(), kernel: z.string(), cpus: z.string() }),
  /** Whether the requests went through the sidecars of a mesh. */
  sidecars: z.boolean(),
  plan: z.object({ rounds: z.int(), seconds: z.int(), connections: z.int(), payloadBytes: z.int(), image: z.string() }),
  runs: z.array(benchRun),
  /** Share (0 to 1) of the bytes in the runs with acceleration that took the fast path; null when the status had no counts. */
  fastShare: z.number().nullable(),
});

export type BenchRun = z.infer<typeof benchRun>;
export type BenchResult = z.infer<typeof benchResult>;

const figures = [
  { key: 'qps', title: 'QPS', digits: 0 },
  { key: 'avgMs', title: 'average ms', digits: 2 },
  { key: 'p50Ms', title: 'p50 ms', digits: 2 },
  { key: 'p99Ms', title: 'p99 ms', digits: 2 },
] as const satisfies readonly { key: keyof BenchRun; title: string; digits: number }[];

const sides = (runs: readonly BenchRun[], protocol: string) => (mode: BenchRun['mode']) =>
  runs.filter((run) => run.protocol === protocol && run.mode === mode).sort((a, b) => a.round - b.round);

export interface Row {
  readonly protocol: BenchRun['protocol'];
  /** `off` and `on` are medians. */
  readonly cells: readonly (Comparison & { readonly title: string; readonly digits: number; readonly off: number; readonly on: number })[];
}

/** One row for each protocol that has runs with acceleration off and on. */
export function rowsOf({ runs }: Pick<BenchResult, 'runs'>): Row[] {
  return [...new Set(runs.map(({ protocol }) => protocol))].flatMap((protocol) => {
    const side = sides(runs, protocol);
    const [off, on] = [side('Off'), side('Accelerate')];
    if (off.length === 0 || on.length === 0) return [];
    const cells = figures.map(({ key, title, digits }) => {
      const [before, after] = [off.map((run) => run[key]), on.map((run) => run[key])];
      return { title, digits, off: median(before), on: median(after), ...compared(before, after, digits) };
    });
    return [{ protocol, cells }];
  });
}

/** The report in Markdown, for an issue. */
export function markdownOf(result: BenchResult): string {
  const { at, accelctl, node, plan, runs, fastShare, sidecars } = result;
  const rows = rowsOf(result);
  const errors = runs.reduce((sum, run) => sum + run.errors, 0);
  const share =
    fastShare === null ? 'The status had no counts of bytes on the fast path.' : `${(100 * fastShare).toFixed(1)} % of the bytes took the fast path.`;
  return [
    `### Sidecar acceleration, off → on`,
    '',
    `| off → on | ${figures.map(({ title }) => title).join(' | ')} |`,
    `|---|${figures.map(() => '---').join('|')}|`,
    ...rows.map(
      ({ protocol, cells }) =>
        `| ${protocol.toUpperCase()} | ${cells.map(({ medians, ratio, spread }) => `${medians} (${ratio}; ${spread})`).join(' | ')} |`,
    ),
    '',
    `Medians of ${plan.rounds} interleaved pairs of runs of ${plan.seconds} s, ${plan.connections} connections, ${plan.payloadBytes} bytes; in brackets the ratio and its range over the rounds; ${errors} failed requests. ${share}`,
    '',
    `Client and server on node ${node.name} (kernel ${node.kernel}, ${node.cpus} CPUs), image ${plan.image}, accelctl ${accelctl}, ${sidecars ? 'through sidecars' : 'without sidecars'}, ${at.slice(0, 16).replace('T', ' ')} UTC. Other load on the node affects the figures.`,
  ].join('\n');
}
