// The short form of the suite, for tests: fewer situations, one turn.
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
  if (found === undefined) throw new Error(`look up a witness: none is called ${name}`);
  return found;
}

/** Puts the witness into the situations of the short form, or into the one that is named, with scans and with an agent that has died. */
export async function playShort(stand: Stand, witness: Witness, only?: string): Promise<Row[]> {
  await witness.prepare();
  const chosen = plan.situations.filter(({ name }) => only === undefined || name === only);
  return tryWitness(stand, witness, { ...plan, situations: chosen, ways: only === undefined ? plan.ways : ['visited'] }, silent);
}

/** One line for each row that is not as on plain TCP. */
export function troubles(rows: readonly Row[]): string[] {
  return rows
    .filter((row) => verdict(row, testAllowanceMs) !== 'right')
    .map(
      ({ situation, way, standstillMs: { tcp, accelerated }, complaints }) =>
        `${situation}, ${wayNames[way]}: ${complaints.join('; ') || `${accelerated} ms without progress, ${tcp} on TCP`}`,
    );
}
