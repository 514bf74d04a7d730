// The benchmark consists of experiments. An experiment has cases, and each case runs on two or more sides in turns.

/**
 * One of the set-ups that an experiment compares. `accelerated`, `tcp` and `unix` name how the bytes of a load go. `beside` and `none` are for
 * processes that are not accelerated: on a node with the product, and on a node without it.
 */
export type Side = 'accelerated' | 'tcp' | 'unix' | 'beside' | 'none';

/** The values that one run measured, by the name of the quantity; see quantities.ts. */
export type Values = Readonly<Record<string, number>>;

/** One load that is measured on all sides of its experiment. */
export interface Case {
  /** Unique within the experiment; the name of the case in tables and in bench.json. */
  readonly name: string;
  /** The case's place on the horizontal axis, and the line of the plot that it belongs to. */
  readonly x: string;
  readonly series: string;
  /** The length of one run in seconds. */
  readonly seconds: number;
  /** True for a case that `--quick` leaves out. */
  readonly slow?: true;
}

/** `quick` shortens every run to a third; see sliceOf(). */
export type Pace = 'full' | 'quick';

/** The length in seconds of one run of a case at this pace. */
export function sliceOf({ seconds }: Case, pace: Pace): number {
  return pace === 'quick' ? seconds / 3 : seconds;
}

/** An experiment that is set up. */
export interface Stage<C extends Case = Case> {
  /** Called before the first run of a case: starts what must run until the last run of the case. `finish` stops it. */
  prepare?(it: C): Promise<void>;
  finish?(): Promise<void>;
  /** Puts a side in force; called whenever the side of the next run differs from that of the run before. */
  enter?(side: Side): Promise<void>;
  run(it: C, side: Side, round: number): Promise<Values>;
  /** Ends every process and removes everything that the experiment has set up. */
  close(): Promise<void>;
}

export interface Experiment<C extends Case = Case> {
  readonly name: string;
  /** How the experiment measures, in whole sentences for the report. */
  readonly method: string;
  readonly sides: readonly Side[];
  readonly cases: readonly C[];
  /** What x means, with its unit. `ordered` when the values of x have an order, so that the plot may join them by a line. */
  readonly axis: { readonly title: string; readonly ordered: boolean };
  readonly rounds: number;
  /** How many runs each side has in a round, in turns with the other sides; the round's value is the median of the runs. 1 when undefined. */
  readonly slices?: number;
  /** True when switching between sides is costly: then a side stays in force for all cases of a round. */
  readonly switched?: true;
  /** Sets the experiment up. @param interrupted ends a set-up that takes long */
  open(pace: Pace, interrupted: AbortSignal): Promise<Stage<C>>;
}

/** A number of bytes as people read it, for example "16 KiB". */
export function sized(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`;
}
