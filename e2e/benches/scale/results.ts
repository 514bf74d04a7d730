// What was measured, as docs/performance/scale.json keeps it: one value a row.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { agentFigures } from './agentFigures';
import { figures, metrics } from './figures';

export const row = z.object({
  /** 1 for the figures of one agent. */
  nodes: z.int().min(1),
  namespaces: z.int().min(1),
  metric: z.string().refine((name) => name in figures || name in agentFigures, 'not a figure of scale'),
  value: z.number(),
  unit: z.string(),
});
export type Row = z.infer<typeof row>;

/** @returns nothing when there is no such file. @throws when it is not one of ours */
export function readRows(path: string): Row[] {
  if (!existsSync(path)) return [];
  const read = z.array(row).safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!read.success) throw new Error(`reading ${path}: ${z.prettifyError(read.error).replaceAll('\n', ' ')}; remove it to measure everything anew`);
  return read.data;
}

/** One row a line, so that a change of one is seen as such. */
export function writeRows(path: string, rows: readonly Row[]): void {
  writeFileSync(path, `[\n${rows.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`);
}

/** New rows take the place of those of the same size and metric. */
export function merged(old: readonly Row[], fresh: readonly Row[]): Row[] {
  const key = ({ nodes, namespaces, metric }: Row): string => `${nodes} ${namespaces} ${metric}`;
  const all = new Map([...old, ...fresh].map((each) => [key(each), each]));
  const order = [...metrics, ...Object.keys(agentFigures)];
  return [...all.values()].sort((a, b) => a.nodes - b.nodes || a.namespaces - b.namespaces || order.indexOf(a.metric) - order.indexOf(b.metric));
}
