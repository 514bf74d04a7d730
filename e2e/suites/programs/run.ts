// Runs a trial in turns on plain TCP and accelerated, each time with the program started anew, and makes its row.
import { errorMessage } from '../../../operator/base';
import { lastWords } from '../../stand/pods/containers';
import type { ProgramMesh } from './mesh';
import type { Row } from './rows';
import type { Round, Trial } from './trial';
import type { Seen } from './watch';

/** How long each side of a trial lasts. */
export interface Pace {
  /** How often the trial runs on TCP and accelerated. */
  readonly turns: number;
  /**
   * For this time accelerated rounds are checked but not measured: meanwhile the datapath finds out whether connections to the destination take
   * turns. On TCP one round is not measured.
   */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const sides = ['tcp', 'accelerated'] as const;
export type Side = (typeof sides)[number];

interface Turn {
  readonly rounds: number;
  readonly amount: number;
  readonly seconds: number;
  readonly complaints: readonly string[];
  /** The longest standstill of all rounds, the warm-up included. */
  readonly standstillMs: number;
  readonly seen?: Seen;
}

/** Connections close when their programs end; a sidecar closes pooled connections after a second. */
const closeWithinMs = 15_000;
/** How long to wait between warm-up and measurement for connections to close; they need not. */
const settleWithinMs = 2_000;

/** @returns the row; a program that fails is a complaint in the row, not an error */
export async function runTrial(mesh: ProgramMesh, trial: Trial, pace: Pace, say: (line: string) => void): Promise<Row> {
  const turns: Record<Side, Turn[]> = { tcp: [], accelerated: [] };
  for (let n = 0; n < pace.turns; n++) {
    // Each side goes first in every second turn.
    for (const side of n % 2 === 0 ? sides : sides.toReversed()) {
      const turn = await takeTurn(mesh, trial, side, pace);
      turns[side].push(turn);
      say(`${trial.name}, ${side}: ${turn.rounds} rounds, standstill ${turn.standstillMs.toFixed(0)} ms, ${turn.complaints.join('; ') || 'right'}`);
    }
  }
  return rowOf(trial, turns);
}

async function takeTurn(mesh: ProgramMesh, trial: Trial, side: Side, pace: Pace): Promise<Turn> {
  if (side === 'accelerated') mesh.attach();
  mesh.begin();
  mesh.standstill.take();
  const work = new Work();
  try {
    const opened = await trial.open(mesh);
    const warmUpSeconds = side === 'accelerated' ? Math.max(pace.warmUpSeconds, trial.warmUpSeconds ?? 0) : 0;
    await work.repeat(() => (opened.warmUp ?? opened.round).call(opened), warmUpSeconds);
    await mesh.watch?.closed(settleWithinMs);
    mesh.watch?.reset();
    work.measure();
    await work.repeat(() => opened.round(), pace.seconds);
    if (!work.failed) work.complaints.push(...((await opened.finish?.()) ?? []));
  } catch (error) {
    work.fail(error);
  }
  return over(mesh, trial, work);
}

/** Ends the programs and the turn. The datapath's counts are complete when all connections have closed. */
async function over(mesh: ProgramMesh, trial: Trial, work: Work): Promise<Turn> {
  await mesh.end();
  const { watch } = mesh;
  const standstillMs = mesh.standstill.take();
  if (watch === undefined) return { ...work.turn(), standstillMs };
  if (!(await watch.closed(closeWithinMs))) work.complaints.push('connections stayed open after their programs had ended');
  const seen = watch.seen();
  mesh.detach();
  const missed = (trial.expects ?? []).filter((reason) => !seen.reasons.has(reason));
  work.complaints.push(...missed.map((reason) => `no connection was counted under ${reason}`));
  return { ...work.turn(), standstillMs, seen };
}

/** The rounds that have been run, and what was wrong with them. */
class Work {
  readonly complaints: string[] = [];
  failed = false;
  private measured = { rounds: 0, amount: 0, seconds: 0 };

  /** Runs rounds, at least one, until so many seconds have passed or a round has failed. */
  async repeat(round: () => Promise<Round>, seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1000;
    do {
      if (this.failed) return;
      this.add(await round());
    } while (performance.now() < until);
  }

  /** Begins to measure: the rounds so far were the warm-up. */
  measure(): void {
    this.measured = { rounds: 0, amount: 0, seconds: 0 };
  }

  fail(error: unknown): void {
    this.failed = true;
    this.complaints.push(lastWords(errorMessage(error)));
  }

  turn(): Omit<Turn, 'standstillMs'> {
    return { ...this.measured, complaints: this.complaints };
  }

  private add({ amount, seconds, complaints }: Round): void {
    this.measured.rounds++;
    this.measured.amount += amount;
    this.measured.seconds += seconds;
    this.complaints.push(...complaints);
    this.failed ||= complaints.length > 0;
  }
}

function rowOf({ name, hops, unit, checks }: Trial, turns: Readonly<Record<Side, readonly Turn[]>>): Row {
  const of = <T>(sum: (turns: readonly Turn[]) => T): Record<Side, T> => ({ tcp: sum(turns.tcp), accelerated: sum(turns.accelerated) });
  const seen = turns.accelerated.flatMap((turn) => (turn.seen === undefined ? [] : [turn.seen]));
  const total = (part: (seen: Seen) => number): number => seen.reduce((sum, each) => sum + part(each), 0);
  return {
    program: name,
    hops: [...hops],
    checks,
    unit,
    rounds: of((side) => side.reduce((sum, turn) => sum + turn.rounds, 0)),
    throughput: of(rate),
    ratios: ratiosOf(turns),
    standstillMs: of((side) => Math.max(0, ...side.map((turn) => turn.standstillMs))),
    acceleratedShare:
      total((each) => each.fastBytes) /
      Math.max(
        1,
        total((each) => each.bytes),
      ),
    joinedHops: [...new Set(seen.flatMap(({ hops }) => hops))].sort(),
    reasons: merged(
      seen.map(({ reasons }) => reasons),
      Math.max,
    ),
    passes: merged(
      seen.map(({ passes }) => passes),
      (a, b) => a + b,
    ),
    complaints: sides.flatMap((side) => turns[side].flatMap((turn) => turn.complaints.map((each) => `${side}: ${each}`))),
  };
}

function rate(turns: readonly Turn[]): number {
  const seconds = turns.reduce((sum, turn) => sum + turn.seconds, 0);
  return seconds === 0 ? 0 : turns.reduce((sum, turn) => sum + turn.amount, 0) / seconds;
}

/** The ratios of the turns that have a rate on both sides; a turn that has failed has none, and is wrong anyway. */
function ratiosOf({ tcp, accelerated }: Readonly<Record<Side, readonly Turn[]>>): number[] {
  const pairs = tcp.map((turn, n) => [rate([turn]), rate(accelerated.slice(n, n + 1))] as const);
  return pairs.filter((pair) => pair.every((each) => each > 0)).map(([before, after]) => after / before);
}

function merged(maps: readonly ReadonlyMap<string, number>[], join: (a: number, b: number) => number): Record<string, number> {
  const all = new Map<string, number>();
  for (const map of maps) for (const [key, value] of map) all.set(key, join(all.get(key) ?? 0, value));
  return Object.fromEntries(all);
}
