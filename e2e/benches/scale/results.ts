// The rows of docs/performance/scale.json: each has one measured value.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { agentFigures } from './agentFigures';
import { figures, metrics } from './figures';

export const row = z.object({
  /** The number of nodes; 1 for the figures of one agent. */
  nodes: z.int().min(1),
  namespaces: z.int().min(1),
  metric: z.string().refine((name) => name in figures || name in agentFigures, 'not a figure of scale'),
  value: z.number(),
  unit: z.string(),
});
export type Row = z.infer<typeof row>;

/** @returns an empty list when the file does not exist @throws when it has another form */
export function readRows(path: string): Row[] {
  if (!existsSync(path)) return [];
  const read = z.array(row).safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!read.success) throw new Error(`reading ${path}: ${z.prettifyError(read.error).replaceAll('\n', ' ')}; remove it to measure everything anew`);
  return read.data;
}

/** Writes each row on a line of its own, so that a diff shows which rows have changed. */
export function writeRows(path: string, rows: readonly Row[]): void {
  writeFileSync(path, `[\n${rows.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`);
}

/** New rows replace old rows of the same size and metric. */
export function merged(old: readonly Row[], fresh: readonly Row[]): Row[] {
  const key = ({ nodes, namespaces, metric }: Row): string => `${nodes} ${namespaces} ${metric}`;
  const all = new Map([...old, ...fresh].map((each) => [key(each), each]));
  const order = [...metrics, ...Object.keys(agentFigures)];
  return [...all.values()].sort((a, b) => a.nodes - b.nodes || a.namespaces - b.namespaces || order.indexOf(a.metric) - order.indexOf(b.metric));
}
