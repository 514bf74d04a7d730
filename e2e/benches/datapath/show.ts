// What the terminal shows during a benchmark: a bar with the time that is left, and each figure as soon as it is measured.
import { SingleBar } from 'cli-progress';
import { comparisonsOf } from './comparison';
import type { Experiment } from './experiment';
import { figures } from './figures';
import type { MeasuredCase } from './measurements';
import { goalWords, ratioWords } from './report/words';

/** How often a log gets a line with the progress; on a terminal the bar moves instead. */
const logEveryMs = 30_000;

/** The progress of one experiment. */
export class Bar {
  private readonly bar: SingleBar;
  private begun = false;

  constructor(
    private readonly name: string,
    private readonly runs: number,
  ) {
    const format = '{bar} {percentage}% {name}: {what} · {duration_formatted}, {eta_formatted} left';
    this.bar = new SingleBar({
      format,
      barsize: 20,
      hideCursor: true,
      clearOnComplete: true,
      noTTYOutput: true,
      notTTYSchedule: logEveryMs,
      etaBuffer: 20,
      gracefulExit: false,
    });
  }

  /** Starts the bar with the first run, because the set-up before it may show its own progress. */
  readonly doing = (what: string): void => {
    if (!this.begun) this.bar.start(this.runs, 0, { name: this.name, what });
    this.begun = true;
    this.bar.update({ what });
  };

  readonly done = (): void => this.bar.increment();

  end(): void {
    if (this.begun) this.bar.stop();
  }
}

/** For every figure of the experiment, a line for each case that was measured. */
export function resultLines(experiment: Experiment, measured: readonly MeasuredCase[]): string[] {
  const own = figures.filter((figure) => figure.experiment === experiment);
  return own.flatMap((figure) =>
    comparisonsOf(figure, measured).map(({ measured: { case: name }, ratio, goal, reached }) => {
      const judged = goal === undefined ? '' : `must be ${goalWords(goal)}: ${reached ? 'reached' : 'MISSED'}`;
      return `${figure.name.padEnd(20)} ${name.padEnd(58)} ${ratioWords(ratio).padEnd(18)} ${judged}`.trimEnd();
    }),
  );
}
