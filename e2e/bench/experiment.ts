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
  /** Seconds that one run takes, with its start; for the progress bar. */
  readonly costs: number;
  /** Left out of `--quick`. */
  readonly slow?: true;
}

/** How long a run is. */
export interface Pace {
  readonly quick: boolean;
  /** Seconds of a run that count, and those before it. */
  readonly seconds: number;
  readonly warmup: number;
}

/** An experiment that is set up. */
export interface Stage<C extends Case = Case> {
  /** Called before runs of a side, if the experiment's sides are switched. */
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
  /** The sides are the outer loop of a round, for they are costly to switch. */
  readonly switched?: true;
  open(pace: Pace): Promise<Stage<C>>;
}

/** Lets a message size, a number of connections and the like be read by a person. */
export function sized(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`;
}
