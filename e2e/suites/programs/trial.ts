// A trial of a program: how it is started, one round of its work, and how its results are checked.
import type { ConnectionReason } from '../../../operator/api';
import type { ProgramMesh } from './mesh';

/** The result of one piece of work that was checked. */
export interface Round {
  /** How much work was done, in the trial's unit. */
  readonly amount: number;
  readonly seconds: number;
  /** What was wrong, in words; empty when everything was right. */
  readonly complaints: readonly string[];
}

/** A program that has been started. */
export interface Opened {
  round(): Promise<Round>;
  /** A round of the warm-up, where it differs from `round`. */
  warmUp?(): Promise<Round>;
  /** Checks what can only be judged after all rounds, and returns complaints. */
  finish?(): Promise<readonly string[]>;
}

export interface Trial {
  readonly name: string;
  /** Every program through which the bytes pass, the sidecars included. */
  readonly hops: readonly string[];
  readonly unit: 'requests' | 'transactions' | 'bytes';
  /** How the program's results are checked, for the page. */
  readonly checks: string;
  /** Reasons that must be seen when the program runs accelerated, because it reads in ways that do not work with redirected bytes. */
  readonly expects?: readonly ConnectionReason[];
  /** The least length of the warm-up. After it no connection is in the state Learning, and the agent no longer watches how programs read. */
  readonly warmUpSeconds?: number;
  /** True for the trials of the short form. */
  readonly short?: boolean;
  open(mesh: ProgramMesh): Promise<Opened>;
}

/** Adds up several pieces of work. */
export function together(rounds: readonly Round[]): Round {
  const total = (of: (round: Round) => number): number => rounds.reduce((sum, round) => sum + of(round), 0);
  return {
    amount: total(({ amount }) => amount),
    seconds: total(({ seconds }) => seconds),
    complaints: rounds.flatMap(({ complaints }) => complaints),
  };
}

/** A complaint, unless `found` and `wanted` are equal. */
export function differs(what: string, found: string | number, wanted: string | number): string[] {
  return found === wanted ? [] : [`${what}: ${found} instead of ${wanted}`];
}
