// Keeps docs/conformance.json, with one row for each case, path and family, and writes docs/conformance.md from it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { declarations } from './declared';
import { conformancePage } from './page';
import type { Case } from './probe';
import { inOrder, rowSchema, type Row } from './report';

const [data, page] = ['conformance.json', 'conformance.md'].map((name) => join(__dirname, '..', '..', '..', 'docs', name)) as [string, string];

/** Replaces earlier rows by those of this run. Rows that were not played this time stay, unless they are of another kernel. */
export function writeDocs(rows: readonly Row[], cases: readonly Case[]): void {
  const before = existsSync(data) ? z.array(rowSchema).parse(JSON.parse(readFileSync(data, 'utf8'))) : [];
  const merged = inOrder(mergeRows(before, rows), cases);
  writeFileSync(data, rowsText(merged.map(withoutReason)));
  writeFileSync(page, conformancePage(merged, cases, declarations));
}

function mergeRows(before: readonly Row[], rows: readonly Row[]): Row[] {
  const key = (row: Row): string => [row.kernel, row.case, row.path, row.family].join(' ');
  const kernels = new Set(rows.map(({ kernel }) => kernel));
  const fresh = new Set(rows.map(key));
  return [...before.filter((row) => kernels.has(row.kernel) && !fresh.has(key(row))), ...rows];
}

function withoutReason({ kernel, case: name, path, family, result }: Row): Row {
  return { kernel, case: name, path, family, result };
}

/** JSON with one row on each line, so that a diff can be read. */
export function rowsText(rows: readonly Row[]): string {
  return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`;
}
