// How tables, plots and the terminal name sides and write ratios and goals.
import type { Ratio } from '../../../../operator/cli/bench/statistics';
import type { Side } from '../experiment';
import type { Goal } from '../figures';

export const sideNames: Readonly<Record<Side, string>> = {
  accelerated: 'accelerated',
  tcp: 'plain TCP',
  unix: 'AF_UNIX',
  beside: 'with the product',
  none: 'without it',
};

export function ratioWords({ median, low, high }: Ratio): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

export function goalWords(goal: Goal): string {
  return 'atMost' in goal ? `≤ ${goal.atMost.toFixed(2)}` : `≥ ${goal.atLeast.toFixed(2)}`;
}

export function goalValue(goal: Goal): number {
  return 'atMost' in goal ? goal.atMost : goal.atLeast;
}
