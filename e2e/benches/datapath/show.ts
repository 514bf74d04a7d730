// What a person sees meanwhile: a bar with the time that is left, and each figure as soon as it is there.
import { SingleBar } from 'cli-progress';
import { comparisonsOf } from './comparison';
import type { Experiment } from './experiment';
import { figures } from './figures';
import type { MeasuredCase } from './measurements';
import { goalWords, ratioWords } from './report/words';

/** A log gets a line this often; a terminal sees the bar move. */
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
    this.bar = new SingleBar({ format, barsize: 20, hideCursor: true, clearOnComplete: true, noTTYOutput: true, notTTYSchedule: logEveryMs, etaBuffer: 20, gracefulExit: false });
  }

  /** The bar begins with the first run: setting up may have a progress of its own to show. */
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

/** One line a case of every figure that the experiment has measured. */
export function resultLines(experiment: Experiment, measured: readonly MeasuredCase[]): string[] {
  const own = figures.filter((figure) => figure.experiment === experiment);
  return own.flatMap((figure) =>
    comparisonsOf(figure, measured).map(({ measured: { case: name }, ratio, goal, reached }) => {
      const judged = goal === undefined ? '' : `must be ${goalWords(goal)}: ${reached ? 'reached' : 'MISSED'}`;
      return `${figure.name.padEnd(20)} ${name.padEnd(58)} ${ratioWords(ratio).padEnd(18)} ${judged}`.trimEnd();
    }),
  );
}
