// Runs an experiment round by round, with the sides in turns. Complete rounds are kept also when it fails or is interrupted.
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { median } from '../../../operator/cli/bench/statistics';
import type { Case, Experiment, Pace, Side, Stage, Values } from './experiment';
import type { MeasuredCase } from './measurements';

export interface RunOptions {
  readonly pace: Pace;
  readonly rounds: number;
  readonly cases: readonly Case[];
  readonly interrupted: AbortSignal;
  /** `doing` is called before each run with its description, `done` after it. */
  readonly doing: (what: string) => void;
  readonly done: () => void;
}

/** What an experiment has measured, and the `error` when it failed or was interrupted. */
export interface Outcome {
  readonly cases: MeasuredCase[];
  readonly error?: Error;
}

type Rounds = Map<Case, Record<string, Values>[]>;

export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<Outcome> {
  const conditions = conditionsNow();
  const rounds: Rounds = new Map(options.cases.map((it) => [it, []]));
  const error = await attempt(experiment, options, rounds);
  const cases = [...rounds].map(([it, found]) => ({
    experiment: experiment.name,
    case: it.name,
    ...conditions,
    plannedRounds: options.rounds,
    rounds: found,
  }));
  return { cases: cases.filter((each) => each.rounds.length > 0), ...(error === undefined ? {} : { error }) };
}

function conditionsNow() {
  const congestion = readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim();
  return { kernel: release(), cpus: cpus().length, congestion, date: new Date().toISOString().slice(0, 10), load: loadavg()[0] ?? 0 };
}

async function attempt(experiment: Experiment, options: RunOptions, rounds: Rounds): Promise<Error | undefined> {
  let stage: Stage | undefined;
  let failure: Error | undefined;
  try {
    stage = await experiment.open(options.pace, options.interrupted);
    for (const cases of groupsOf(experiment, options.cases)) await allRounds(experiment, stage, cases, options, rounds);
  } catch (error) {
    failure = error as Error;
  }
  try {
    await stage?.close();
  } catch (error) {
    failure ??= error as Error;
  }
  return failure;
}

/** The cases that share a round: all of them when a side stays in force for all cases (`switched`), else each case alone. */
function groupsOf({ switched }: Experiment, cases: readonly Case[]): readonly (readonly Case[])[] {
  return switched ? [cases] : cases.map((it) => [it]);
}

async function allRounds(experiment: Experiment, stage: Stage, cases: readonly Case[], options: RunOptions, rounds: Rounds): Promise<void> {
  try {
    for (const it of cases) {
      options.interrupted.throwIfAborted();
      options.doing(`${it.name}, preparing`);
      await stage.prepare?.(it);
    }
    for (let round = 0; round < options.rounds; round += 1) await oneRound(experiment, stage, cases, options, round, rounds);
  } finally {
    await stage.finish?.();
  }
}

/** Runs one round. Its values are added only when the round is complete. */
async function oneRound(
  experiment: Experiment,
  stage: Stage,
  cases: readonly Case[],
  options: RunOptions,
  round: number,
  rounds: Rounds,
): Promise<void> {
  const found = new Map<Case, Map<Side, Values[]>>();
  let entered: Side | undefined;
  for (const { it, side } of stepsOf(experiment, cases, round)) {
    options.interrupted.throwIfAborted();
    options.doing(`${it.name}, ${side}, round ${round + 1} of ${options.rounds}`);
    if (side !== entered) await stage.enter?.(side);
    entered = side;
    const ofCase = found.get(it) ?? new Map<Side, Values[]>();
    ofCase.set(side, [...(ofCase.get(side) ?? []), await stage.run(it, side, round)]);
    found.set(it, ofCase);
    options.done();
  }
  for (const [it, sides] of found) rounds.get(it)?.push(Object.fromEntries([...sides].map(([side, slices]) => [side, medians(slices)])));
}

/** The runs of one round. The side that runs first changes each time, so that no side profits from its place. */
export function stepsOf(
  experiment: Pick<Experiment, 'sides' | 'switched' | 'slices'>,
  cases: readonly Case[],
  round: number,
): { it: Case; side: Side }[] {
  const { sides, switched, slices = 1 } = experiment;
  const turned = (first: number): readonly Side[] => [...sides.slice(first % sides.length), ...sides.slice(0, first % sides.length)];
  const numbers = [...Array(slices).keys()];
  if (switched) return turned(round).flatMap((side) => cases.flatMap((it) => numbers.map(() => ({ it, side }))));
  return cases.flatMap((it) => numbers.flatMap((slice) => turned(round + slice).map((side) => ({ it, side }))));
}

/** The median of each quantity over the slices of one side. */
export function medians(slices: readonly Values[]): Values {
  const [first = {}] = slices;
  return Object.fromEntries(Object.keys(first).map((quantity) => [quantity, median(slices.map((slice) => slice[quantity] ?? Number.NaN))]));
}
