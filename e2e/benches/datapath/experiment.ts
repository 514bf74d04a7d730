// What the benchmark is made of: experiments of cases, each run on two or more sides in turns.

/** A way for the same bytes to go. `none` is a node without the product, `tcp` one where it leaves these processes alone. */
export type Side = 'accelerated' | 'tcp' | 'unix' | 'beside' | 'none';

/** What one run found, by name of the quantity; see quantities.ts. */
export type Values = Readonly<Record<string, number>>;

/** One thing that is measured on all sides of its experiment. */
export interface Case {
  /** Unique within the experiment; what tables and bench.json call it. */
  readonly name: string;
  /** Place on the horizontal axis, and the line of the plot that it belongs to. */
  readonly x: string;
  readonly series: string;
  /** Seconds of one run that are asked for. */
  readonly seconds: number;
  /** Left out of `--quick`. */
  readonly slow?: true;
}

/** How thorough all of it is. */
export type Pace = 'full' | 'quick';

/** Seconds of a case's run at a pace. */
export function sliceOf({ seconds }: Case, pace: Pace): number {
  return pace === 'quick' ? seconds / 3 : seconds;
}

/** An experiment that is set up. */
export interface Stage<C extends Case = Case> {
  /** Where sides are not switched: starts what goes on from a case's first run to its last, and ends it. */
  prepare?(it: C): Promise<void>;
  finish?(): Promise<void>;
  /** Where they are: makes a side the one that is in force. */
  enter?(side: Side): Promise<void>;
  run(it: C, side: Side, round: number): Promise<Values>;
  /** Leaves nothing behind. */
  close(): Promise<void>;
}

export interface Experiment<C extends Case = Case> {
  readonly name: string;
  /** What is done, for the report; whole sentences. */
  readonly method: string;
  readonly sides: readonly Side[];
  readonly cases: readonly C[];
  /** What x means, with its unit; `ordered` when one x leads to the next, so that a line may join them. */
  readonly axis: { readonly title: string; readonly ordered: boolean };
  readonly rounds: number;
  /** Runs of each side in a round, in turns with the other sides'; the round's values are their medians. One without. */
  readonly slices?: number;
  /** A side is in force for all cases of a round, for it is costly to switch. */
  readonly switched?: true;
  /** @param interrupted is heeded by an experiment that takes long to set up */
  open(pace: Pace, interrupted: AbortSignal): Promise<Stage<C>>;
}

/** Lets a message size, a number of connections and the like be read by a person. */
export function sized(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`;
}
