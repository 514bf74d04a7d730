// Puts a witness into situations, in turns on plain TCP and accelerated, and makes its rows.
import { release } from 'node:os';
import { median, type Row } from './rows';
import { Session, type Played } from './session';
import type { Situation } from './situations';
import type { Stand } from './stand';
import { wayNames, ways, type Way } from './ways';
import type { Witness } from './witness';

export interface Plan {
  /** How often each situation is played on TCP and accelerated; situations whose speed is not compared are played once. */
  readonly turns: number;
  readonly ways: readonly Way[];
  readonly situations: readonly Situation[];
}

/** The results of the turns, by the situation's name. */
type Turns = Map<string, Played[]>;

/** @returns a row for each situation and way; a failure is a complaint in its row, not an error */
export async function tryWitness(stand: Stand, witness: Witness, plan: Plan, say: (line: string) => void): Promise<Row[]> {
  const situations = plan.situations.filter(({ name }) => witness.leavesOut?.[name] === undefined);
  const onTcp: Turns = new Map();
  const byWay = new Map<Way, Turns>(plan.ways.map((way) => [way, new Map()]));
  for (let turn = 0; turn < plan.turns; turn++) {
    const due = situations.filter(({ timed }) => timed || turn === 0);
    const once = due.filter((situation, at) => due.findIndex(({ onTcp: name }) => name === situation.onTcp) === at);
    await takeTurn(stand, witness, undefined, once, onTcp, ({ onTcp: name }) => name, say);
    for (const [way, turns] of byWay) {
      const played = due.filter((situation) => situation.ways.includes(way));
      await takeTurn(stand, witness, way, played, turns, ({ name }) => name, say);
    }
  }
  return ways.flatMap((way) =>
    situations.flatMap((situation) => {
      const [tcp, accelerated] = [onTcp.get(situation.onTcp) ?? [], byWay.get(way)?.get(situation.name)];
      return accelerated === undefined ? [] : rowOf(witness, situation, way, tcp, accelerated);
    }),
  );
}

async function takeTurn(
  stand: Stand,
  witness: Witness,
  way: Way | undefined,
  situations: readonly Situation[],
  turns: Turns,
  key: (situation: Situation) => string,
  say: (line: string) => void,
): Promise<void> {
  const session = new Session(stand, witness, way);
  try {
    for (const situation of situations) {
      const played = await session.play(situation);
      turns.set(key(situation), [...(turns.get(key(situation)) ?? []), played]);
      const { complaints, ms, standstillMs, share, reasons } = played;
      const redirected = share === undefined ? '' : `, ${Math.round(100 * share)} % redirected ${reasons.join(' ')}`;
      const said = complaints.join('; ') || `${Math.round(ms)} ms`;
      say(
        `${witness.name}, ${key(situation)}, ${way === undefined ? 'TCP' : wayNames[way]}: ${said}, still ${Math.round(standstillMs)} ms${redirected}`,
      );
    }
  } finally {
    await session.end();
  }
}

function rowOf({ name }: Witness, situation: Situation, way: Way, tcp: readonly Played[], accelerated: readonly Played[]): Row {
  const sides = { tcp, accelerated };
  const complaints = Object.entries(sides).flatMap(([side, turns]) => [
    ...new Set(turns.flatMap((each) => each.complaints.map((text) => `${side}: ${text}`))),
  ]);
  const still = (turns: readonly Played[]): number => Math.round(Math.max(0, ...turns.map(({ standstillMs }) => standstillMs)));
  const ratios = accelerated.flatMap(({ ms, complaints: own }, turn) => {
    const other = tcp[turn];
    return other === undefined || ms === 0 || own.length + other.complaints.length > 0 ? [] : [other.ms / ms];
  });
  const [ratio, share] = [situation.timed ? median(ratios) : undefined, median(accelerated.flatMap((each) => each.share ?? []))];
  return {
    program: name,
    situation: situation.name,
    way,
    kernel: release(),
    turns: accelerated.length,
    right: complaints.length === 0,
    complaints,
    standstillMs: { tcp: still(tcp), accelerated: still(accelerated) },
    ...(ratio === undefined ? {} : { ratio: rounded(ratio), spread: [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))] }),
    ...(share === undefined ? {} : { share: rounded(share) }),
    reasons: [...new Set(accelerated.flatMap(({ reasons }) => reasons))],
  };
}

const rounded = (value: number): number => Math.round(100 * value) / 100;
