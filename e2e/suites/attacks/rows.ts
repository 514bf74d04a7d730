// Rows of attacks, kept below build/: a run may make only some of the attacks, and docs/attacks.* shows all.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { buildDirectory, checkout } from '../../../release/tools/paths';
import type { Attack, Outcome } from './attack';

export const row = z.object({
  attack: z.string(),
  attacker: z.string(),
  cost: z.string(),
  before: z.string(),
  now: z.string(),
  held: z.boolean(),
  /** The bounds that did not hold. */
  broken: z.array(z.string()),
  figures: z.record(z.string(), z.number()),
});
export type Row = z.infer<typeof row>;

export function rowOf({ name, attacker, before }: Attack, { cost, now, figures, broken }: Outcome): Row {
  return { attack: name, attacker, cost, before, now, held: broken.length === 0, broken: [...broken], figures: { ...figures } };
}

const file = join(buildDirectory, 'attacks.json');
/** The published rows, for a checkout in which no attack was made yet. */
const published = join(checkout, 'docs', 'attacks.json');

/** The latest row of each attack. */
export function keptRows(): Row[] {
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  if (existsSync(file)) return z.array(row).parse(read(file));
  return existsSync(published) ? z.object({ rows: z.array(row) }).parse(read(published)).rows : [];
}

export function keepRow(latest: Row): void {
  mkdirSync(buildDirectory, { recursive: true });
  writeFileSync(file, `${JSON.stringify([...keptRows().filter(({ attack }) => attack !== latest.attack), latest], null, 2)}\n`);
}

/** The rows of attacks that are still made, in the order of the attacks. */
export function inOrder(rows: readonly Row[], names: readonly string[]): Row[] {
  return names.flatMap((name) => rows.find(({ attack }) => attack === name) ?? []);
}
