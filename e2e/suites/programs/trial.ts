// What a trial of a program is: how it is started, one round of its work, and how it is known to be right.
import type { ConnectionReason } from '../../../operator/api';
import type { ProgramMesh } from './mesh';

/** One checked piece of work. */
export interface Round {
  /** In the trial's unit. */
  readonly amount: number;
  readonly seconds: number;
  /** What was wrong, in words; none when it was right. */
  readonly complaints: readonly string[];
}

/** A program that has been started. */
export interface Opened {
  round(): Promise<Round>;
  /** What it does until it is measured, where that is something else. */
  warmUp?(): Promise<Round>;
  /** What can only be judged when all rounds are over. */
  finish?(): Promise<readonly string[]>;
}

export interface Trial {
  readonly name: string;
  /** Every program that the bytes pass, the sidecars included. */
  readonly hops: readonly string[];
  readonly unit: 'requests' | 'transactions' | 'bytes';
  /** How it is known to be right, for the page. */
  readonly checks: string;
  /** Reasons that must be seen when it is accelerated: its programs read in ways that joined bytes cannot serve. */
  readonly expects?: readonly ConnectionReason[];
  /** What the warming up must last at least: by then the agent has learnt all, and no longer watches how programs read. */
  readonly warmUpSeconds?: number;
  /** True for those of the short form. */
  readonly short?: boolean;
  open(mesh: ProgramMesh): Promise<Opened>;
}

/** Several pieces of work as one. */
export function together(rounds: readonly Round[]): Round {
  const total = (of: (round: Round) => number): number => rounds.reduce((sum, round) => sum + of(round), 0);
  return { amount: total(({ amount }) => amount), seconds: total(({ seconds }) => seconds), complaints: rounds.flatMap(({ complaints }) => complaints) };
}

/** A complaint, unless the two are equal. */
export function differs(what: string, found: string | number, wanted: string | number): string[] {
  return found === wanted ? [] : [`${what}: ${found} instead of ${wanted}`];
}
