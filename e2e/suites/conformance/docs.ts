// Keeps docs/conformance.json, one row a case, path and family, and draws docs/conformance.md from it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { declarations } from './declared';
import { conformancePage } from './page';
import type { Case } from './probe';
import { inOrder, rowSchema, type Row } from './report';

const [data, page] = ['conformance.json', 'conformance.md'].map((name) => join(__dirname, '..', '..', '..', 'docs', name)) as [string, string];

/** Puts rows in the place of their last results; those that were not played stay, unless they are another kernel's. */
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

/** JSON with a row a line, so that changes can be read. */
export function rowsText(rows: readonly Row[]): string {
  return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`;
}
