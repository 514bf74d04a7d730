// The short form: what is tried of a witness where there is little time.
import { testAllowanceMs } from './pace';
import { verdict, type Row } from './rows';
import { situations } from './situations';
import { Stand } from './stand';
import { tryWitness, type Plan } from './trial';
import { wayNames } from './ways';
import type { Witness } from './witness';
import { witnesses } from './witnesses';

const silent = (): void => undefined;
const plan: Plan = { turns: 1, ways: ['visited', 'abandoned'], situations: situations.filter((each) => each.short) };

/** @throws where there is no such witness */
export function named(name: string): Witness {
  const found = witnesses.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no witness ${name}`);
  return found;
}

/** Puts the witness into the short form's situations, or into one of them, with visits and with an agent that has died. */
export async function playShort(stand: Stand, witness: Witness, only?: string): Promise<Row[]> {
  await witness.prepare();
  const chosen = plan.situations.filter(({ name }) => only === undefined || name === only);
  return tryWitness(stand, witness, { ...plan, situations: chosen, ways: only === undefined ? plan.ways : ['visited'] }, silent);
}

/** What is not as on plain TCP, a line each. */
export function troubles(rows: readonly Row[]): string[] {
  return rows.filter((row) => verdict(row, testAllowanceMs) !== 'right').map(({ situation, way, standstillMs: { tcp, accelerated }, complaints }) =>
    `${situation}, ${wayNames[way]}: ${complaints.join('; ') || `${accelerated} ms without progress, ${tcp} on TCP`}`);
}
