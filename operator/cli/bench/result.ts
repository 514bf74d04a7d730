// What a bench found, as it is kept for the console and pasted into an issue.
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
  /** Whether the requests went through a mesh's proxies. */
  sidecars: z.boolean(),
  plan: z.object({ rounds: z.int(), seconds: z.int(), connections: z.int(), payloadBytes: z.int(), image: z.string() }),
  runs: z.array(benchRun),
  /** Of the bytes sent in the rounds with acceleration, those on the fast path; null where the status did not tell. */
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

const sides = (runs: readonly BenchRun[], protocol: string) => (mode: BenchRun['mode']) => runs.filter((run) => run.protocol === protocol && run.mode === mode).sort((a, b) => a.round - b.round);

export interface Row {
  readonly protocol: BenchRun['protocol'];
  /** `off` and `on` are the medians. */
  readonly cells: readonly (Comparison & { readonly title: string; readonly digits: number; readonly off: number; readonly on: number })[];
}

/** One row a protocol that was run both ways. */
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

/** To be pasted. */
export function markdownOf(result: BenchResult): string {
  const { at, accelctl, node, plan, runs, fastShare, sidecars } = result;
  const rows = rowsOf(result);
  const errors = runs.reduce((sum, run) => sum + run.errors, 0);
  const share = fastShare === null ? 'The status did not tell how many of the bytes took the fast path.' : `${(100 * fastShare).toFixed(1)} % of the bytes took the fast path.`;
  return [
    `### Sidecar acceleration, off → on`,
    '',
    `| off → on | ${figures.map(({ title }) => title).join(' | ')} |`,
    `|---|${figures.map(() => '---').join('|')}|`,
    ...rows.map(({ protocol, cells }) => `| ${protocol.toUpperCase()} | ${cells.map(({ medians, ratio, spread }) => `${medians} (${ratio}; ${spread})`).join(' | ')} |`),
    '',
    `Medians of ${plan.rounds} interleaved pairs of runs of ${plan.seconds} s, ${plan.connections} connections, ${plan.payloadBytes} bytes; in brackets the ratio and what it lay between; ${errors} failed requests. ${share}`,
    '',
    `Client and server on node ${node.name} (kernel ${node.kernel}, ${node.cpus} CPUs), image ${plan.image}, accelctl ${accelctl}, ${sidecars ? 'through sidecars' : 'without sidecars'}, ${at.slice(0, 16).replace('T', ' ')} UTC. What else ran on the node is in it.`,
  ].join('\n');
}
