// How far something is: a bar on a terminal, a line whenever it changes anywhere else; always on standard error.
import type { WriteStream } from 'node:tty';
import { type Options, SingleBar } from 'cli-progress';

export interface Step {
  /** What is being waited for, in one line. */
  readonly text: string;
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
}

export interface Progress {
  show(step: Step): void;
  /** Takes the bar away; what was shown as lines stays. */
  finish(): void;
  /** A line that stays, beside what is printed. */
  note(text: string): void;
}

export function progressOn(stream: NodeJS.WritableStream & { isTTY?: boolean }): Progress {
  return stream.isTTY === true ? barOn(stream as WriteStream) : linesTo((line) => void stream.write(`${line}\n`));
}

/** A bar only where it is known how much there is. */
const format: NonNullable<Options['format']> = (options, { progress, value, total }, { text }: { text: string }) => {
  const { barsize = 0, barCompleteString = '', barIncompleteString = '' } = options;
  const filled = Math.round(Math.min(progress, 1) * barsize);
  return total === 0 ? `${text} ...` : `[${barCompleteString.slice(0, filled)}${barIncompleteString.slice(0, barsize - filled)}] ${value}/${total} ${text}`;
};

function barOn(stream: WriteStream): Progress {
  let bar: SingleBar | undefined;
  const finish = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    show: ({ text, done, total }) => {
      if (bar === undefined) {
        bar = new SingleBar({ stream, format, barsize: 20, clearOnComplete: true, hideCursor: true, barCompleteChar: '=', barIncompleteChar: ' ' });
        bar.start(total, done, { text });
      }
      bar.setTotal(total);
      // One line: a text that wraps could not be drawn over.
      bar.update(done, { text: text.slice(0, Math.max(20, stream.columns - 40)) });
    },
    finish,
    note: (text) => {
      finish();
      stream.write(`${text}\n`);
    },
  };
}

/** Says a step once, however often it is shown. */
export function linesTo(write: (line: string) => void): Progress {
  let said: string | undefined;
  return {
    show: ({ text, done, total }) => {
      const line = total > 0 ? `${done}/${total} ${text}` : text;
      if (line !== said) write(line);
      said = line;
    },
    finish: () => (said = undefined),
    note: write,
  };
}
