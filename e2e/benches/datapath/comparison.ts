// Computes the ratios of a figure: in each round one side's value divided by the other side's, and the median over the rounds.
import { median, ratioOf, type Ratio } from '../../../operator/cli/bench/statistics';
import type { Case, Side } from './experiment';
import { figures, goalOf, reaches, type Figure, type Goal } from './figures';
import type { MeasuredCase } from './measurements';
import type { QuantityName } from './quantities';

/** A case of a figure, with the ratios that were measured. */
export interface Comparison {
  readonly figure: Figure;
  readonly measured: MeasuredCase;
  readonly ratio: Ratio;
  /** `goal` and `reached` are undefined for a case that has no goal. */
  readonly goal: Goal | undefined;
  readonly reached: boolean | undefined;
}

/** The values of one side, one for each round, in the order of the rounds. */
export function valuesOf({ rounds, ...rest }: MeasuredCase, side: Side, quantity: QuantityName): number[] {
  return rounds.map((round, number) => {
    const value = round[side]?.[quantity];
    if (value === undefined)
      throw new Error(`comparing ${rest.experiment}, ${rest.case}: round ${number + 1} has no ${quantity} of side ${side}; measure it anew`);
    return value;
  });
}

/** The median over the rounds of one side, or undefined when the side does not measure this quantity. */
export function middle(measured: MeasuredCase, side: Side, quantity: QuantityName): number | undefined {
  const has = measured.rounds.every((round) => round[side]?.[quantity] !== undefined);
  return has ? median(valuesOf(measured, side, quantity)) : undefined;
}

/** The cases of one figure that were measured, in the order of its experiment. */
export function comparisonsOf(figure: Figure, measured: readonly MeasuredCase[]): Comparison[] {
  const { experiment, of = () => true } = figure;
  return experiment.cases
    .filter(({ name }) => of(name))
    .flatMap((it) => {
      const found = measured.find((each) => each.experiment === experiment.name && each.case === it.name);
      return found === undefined ? [] : [compare(figure, it, found)];
    });
}

function compare(figure: Figure, it: Case, measured: MeasuredCase): Comparison {
  const { side, against, quantity } = figure;
  const ratio = ratioOf(valuesOf(measured, against, quantity), valuesOf(measured, side, quantity));
  const goal = goalOf(figure, it);
  return { figure, measured, ratio, goal, reached: goal && reaches(ratio.median, goal) };
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
