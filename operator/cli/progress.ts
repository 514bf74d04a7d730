// Progress on standard error: a bar on a terminal, and elsewhere a line for each change.
import type { WriteStream } from 'node:tty';
import { type Options, SingleBar } from 'cli-progress';

export interface Step {
  /** What the command waits for, in one line. */
  readonly text: string;
  readonly done: number;
  /** 0 while the total is not known. */
  readonly total: number;
}

export interface Progress {
  show(step: Step): void;
  /** Removes the bar; printed lines stay. */
  finish(): void;
  /** Prints a line that stays. */
  note(text: string): void;
}

export function progressOn(stream: NodeJS.WritableStream & { isTTY?: boolean }): Progress {
  return stream.isTTY === true ? barOn(stream as WriteStream) : linesTo((line) => void stream.write(`${line}\n`));
}

/** The bar; only its text while the total is not known. */
const format: NonNullable<Options['format']> = (options, { progress, value, total }, { text }: { text: string }) => {
  const { barsize = 0, barCompleteString = '', barIncompleteString = '' } = options;
  const filled = Math.round(Math.min(progress, 1) * barsize);
  return total === 0
    ? `${text} ...`
    : `[${barCompleteString.slice(0, filled)}${barIncompleteString.slice(0, barsize - filled)}] ${value}/${total} ${text}`;
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
      // The text is cut to one line: a wrapped text could not be redrawn.
      bar.update(done, { text: text.slice(0, Math.max(20, stream.columns - 40)) });
    },
    finish,
    note: (text) => {
      finish();
      stream.write(`${text}\n`);
    },
  };
}

/** Prints a step when its line differs from the last one. */
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
