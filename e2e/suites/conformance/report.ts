// The rows of a run, and which of them are not declared. Pure.
import { z } from 'zod';
import type { Declaration } from './declared';
import { familyNames, pathNames } from './paths';
import type { Case } from './probe';
import { results } from './verdict';

export const rowSchema = z.object({
  kernel: z.string(),
  case: z.string(),
  path: z.enum(pathNames),
  family: z.enum(familyNames),
  result: z.enum(results),
  /** For a refusal, the datapath's reason or gate; for an unsupported feature, the kernel's answer. */
  reason: z.string().optional(),
});

export type Row = z.infer<typeof rowSchema>;

function fits(declaration: Declaration, row: Row): boolean {
  return (
    declaration.cases.includes(row.case) && (declaration.paths?.includes(row.path) ?? true) && (declaration.families?.includes(row.family) ?? true)
  );
}

function bears(declaration: Declaration, row: Row): boolean {
  if (!fits(declaration, row) || declaration.result !== row.result) return false;
  return declaration.reasons === undefined || (row.reason !== undefined && declaration.reasons.includes(row.reason));
}

/** Rows that are neither the same as on TCP nor declared. What the kernel does not support needs no declaration. */
export function undeclared(rows: readonly Row[], declarations: readonly Declaration[]): Row[] {
  const quiet = (row: Row): boolean => row.result === 'same' || row.result === 'unsupported';
  return rows.filter((row) => !quiet(row) && declarationOf(row, declarations) === undefined);
}

/** A case that was declared and played, although no row confirms the declaration. */
export interface Outlived {
  readonly case: string;
  readonly result: Row['result'];
}

export function outlived(rows: readonly Row[], declarations: readonly Declaration[]): Outlived[] {
  return declarations
    .filter((declaration) => declaration.optional === undefined)
    .flatMap((declaration) => declaration.cases.map((name) => ({ declaration, name })))
    .filter(({ declaration, name }) => {
      const played = rows.filter((row) => row.case === name && fits(declaration, row) && row.result !== 'unsupported');
      return played.length > 0 && !played.some((row) => bears(declaration, row));
    })
    .map(({ declaration, name }) => ({ case: name, result: declaration.result }));
}

/** The declaration that a row confirms, where there is one. */
export function declarationOf(row: Row, declarations: readonly Declaration[]): Declaration | undefined {
  return declarations.find((declaration) => bears(declaration, row));
}

/** Sorts rows by case, by the connection's path between the pods and by address family. Leaves out rows of cases that no longer exist. */
export function inOrder(rows: readonly Row[], cases: readonly Case[]): Row[] {
  const place = new Map(cases.map(({ name }, index) => [name, index]));
  const rank = (row: Row): number =>
    ((place.get(row.case) ?? 0) * pathNames.length + pathNames.indexOf(row.path)) * familyNames.length + familyNames.indexOf(row.family);
  return rows.filter((row) => place.has(row.case)).toSorted((a, b) => rank(a) - rank(b));
}
