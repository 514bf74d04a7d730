// The rows of a run, and what of them nobody has declared. Pure.
import { z } from 'zod';
import type { Declaration } from './declared';
import { familyNames, pathNames } from './paths';
import { results } from './verdict';

export const rowSchema = z.object({
  kernel: z.string(),
  case: z.string(),
  path: z.enum(pathNames),
  family: z.enum(familyNames),
  result: z.enum(results),
  /** Of a refusal, the datapath's reason; of an unsupported feature, the kernel's answer. */
  reason: z.string().optional(),
});

export type Row = z.infer<typeof rowSchema>;

function fits(declaration: Declaration, row: Row): boolean {
  return (
    declaration.case === row.case &&
    (declaration.paths?.includes(row.path) ?? true) &&
    (declaration.families?.includes(row.family) ?? true)
  );
}

function bears(declaration: Declaration, row: Row): boolean {
  if (!fits(declaration, row) || declaration.result !== row.result) return false;
  return declaration.reasons === undefined || (row.reason !== undefined && declaration.reasons.includes(row.reason));
}

/** Rows that are neither the same as on TCP nor declared; an unsupported feature is the kernel's affair. */
export function undeclared(rows: readonly Row[], declarations: readonly Declaration[]): Row[] {
  const quiet = (row: Row): boolean => row.result === 'same' || row.result === 'unsupported';
  return rows.filter((row) => !quiet(row) && !declarations.some((declaration) => bears(declaration, row)));
}

/** Declarations whose cases were run, without any of them bearing it out. */
export function outlived(rows: readonly Row[], declarations: readonly Declaration[]): Declaration[] {
  return declarations.filter((declaration) => {
    const played = rows.filter((row) => fits(declaration, row) && row.result !== 'unsupported');
    return declaration.optional === undefined && played.length > 0 && !played.some((row) => bears(declaration, row));
  });
}
