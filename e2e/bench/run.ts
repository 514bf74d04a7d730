// Runs an experiment round by round, the sides in turns, and keeps what was measured however it ends.
import { cpus, loadavg, release } from 'node:os';
import type { Case, Experiment, Pace, Side, Stage, Values } from './experiment';
import type { MeasuredCase } from './measurements';

export interface RunOptions {
  readonly pace: Pace;
  readonly rounds: number;
  readonly cases: readonly Case[];
  readonly interrupted: AbortSignal;
  /** Called before each run with what it is, and after it with the seconds that it was to take. */
  readonly doing: (what: string) => void;
  readonly done: (seconds: number) => void;
}

/** What an experiment brought; `error` when it did not come to its end by itself. */
export interface Outcome {
  readonly cases: MeasuredCase[];
  readonly error?: Error;
}

export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<Outcome> {
  const conditions = { kernel: release(), cpus: cpus().length, date: new Date().toISOString().slice(0, 10), load: loadavg()[0] ?? 0 };
  const rounds = new Map<Case, Record<string, Values>[]>(options.cases.map((it) => [it, []]));
  const error = await attempt(experiment, options, rounds);
  const cases = [...rounds].map(([it, found]) => ({
    experiment: experiment.name,
    case: it.name,
    ...conditions,
    plannedRounds: options.rounds,
    rounds: found.filter((round) => experiment.sides.every((side) => round[side] !== undefined)),
  }));
  return { cases: cases.filter((each) => each.rounds.length > 0), ...(error === undefined ? {} : { error }) };
}

async function attempt(experiment: Experiment, options: RunOptions, rounds: Map<Case, Record<string, Values>[]>): Promise<Error | undefined> {
  let stage: Stage | undefined;
  try {
    stage = await experiment.open(options.pace);
    await allRounds(experiment, stage, options, rounds);
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    await stage?.close();
  }
}

async function allRounds(experiment: Experiment, stage: Stage, options: RunOptions, rounds: Map<Case, Record<string, Values>[]>): Promise<void> {
  let entered: Side | undefined;
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { it, side } of stepsOf(experiment, options.cases, round)) {
      options.interrupted.throwIfAborted();
      options.doing(`${it.name}, ${side}, round ${round + 1} of ${options.rounds}`);
      if (side !== entered) await stage.enter?.(side);
      entered = side;
      const found = rounds.get(it) ?? [];
      found[round] = { ...found[round], [side]: await stage.run(it, side, round) };
      options.done(it.costs);
    }
  }
}

/** Sides take turns in going first, so that none profits from its place in a round. */
export function stepsOf(experiment: Pick<Experiment, 'sides' | 'switched'>, cases: readonly Case[], round: number): { it: Case; side: Side }[] {
  const first = round % experiment.sides.length;
  const sides = [...experiment.sides.slice(first), ...experiment.sides.slice(0, first)];
  if (experiment.switched) return sides.flatMap((side) => cases.map((it) => ({ it, side })));
  return cases.flatMap((it) => sides.map((side) => ({ it, side })));
}
