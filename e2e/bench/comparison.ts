// Divides what was measured: each round's sides by one another, and the middle of the rounds.
import { median, ratioOf, type Ratio } from '../../operator/cli/bench/statistics';
import type { Side } from './experiment';
import { figures, reaches, type Figure } from './figures';
import type { MeasuredCase } from './measurements';
import type { QuantityName } from './quantities';

/** A case of a figure. */
export interface Comparison {
  readonly figure: Figure;
  readonly measured: MeasuredCase;
  readonly ratio: Ratio;
  /** Undefined where nothing must be reached. */
  readonly reached: boolean | undefined;
}

/** One values a round of a side, in the order of the rounds. */
export function valuesOf({ rounds, ...rest }: MeasuredCase, side: Side, quantity: QuantityName): number[] {
  return rounds.map((round, number) => {
    const value = round[side]?.[quantity];
    if (value === undefined) throw new Error(`comparing ${rest.experiment}, ${rest.case}: round ${number + 1} has no ${quantity} of side ${side}; measure it anew`);
    return value;
  });
}

/** The median of a side, or undefined where the side has no such quantity. */
export function middle(measured: MeasuredCase, side: Side, quantity: QuantityName): number | undefined {
  const has = measured.rounds.every((round) => round[side]?.[quantity] !== undefined);
  return has ? median(valuesOf(measured, side, quantity)) : undefined;
}

/** The cases of one figure that were measured, in the order of its experiment. */
export function comparisonsOf(figure: Figure, measured: readonly MeasuredCase[]): Comparison[] {
  const { experiment, of = () => true } = figure;
  const names = experiment.cases.map(({ name }) => name).filter(of);
  return names.flatMap((name) => {
    const found = measured.find((each) => each.experiment === experiment.name && each.case === name);
    return found === undefined ? [] : [compare(figure, found)];
  });
}

function compare(figure: Figure, measured: MeasuredCase): Comparison {
  const { side, against, quantity, must } = figure;
  const ratio = ratioOf(valuesOf(measured, against, quantity), valuesOf(measured, side, quantity));
  const goal = must?.of?.(measured.case) === false ? undefined : must?.goal;
  return { figure, measured, ratio, reached: goal && reaches(ratio.median, goal) };
}

/** The content of bench.json. */
export function benchRows(measured: readonly MeasuredCase[]): { figure: string; case: string; ratio: number; low: number; high: number }[] {
  const digits = (value: number): number => Number(value.toFixed(3));
  return figures
    .flatMap((figure) => comparisonsOf(figure, measured))
    .map(({ figure, measured: { case: name }, ratio }) => ({
      figure: figure.name,
      case: name,
      ratio: digits(ratio.median),
      low: digits(ratio.low),
      high: digits(ratio.high),
    }));
}
