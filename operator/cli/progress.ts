// How far something is: a bar on a terminal, a line whenever it changes anywhere else; always on standard error.
import type { WriteStream } from 'node:tty';
import { SingleBar } from 'cli-progress';

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
}

export function progressOn(stream: NodeJS.WritableStream & { isTTY?: boolean }): Progress {
  return stream.isTTY === true ? barOn(stream as WriteStream) : linesTo((line) => void stream.write(`${line}\n`));
}

function barOn(stream: WriteStream): Progress {
  let bar: SingleBar | undefined;
  return {
    show: ({ text, done, total }) => {
      const whole = Math.max(total, 1);
      if (bar === undefined) {
        bar = new SingleBar({ stream, format: '[{bar}] {value}/{total} {text}', barsize: 20, clearOnComplete: true, hideCursor: true, barCompleteChar: '=', barIncompleteChar: ' ' });
        bar.start(whole, done, { text });
      }
      bar.setTotal(whole);
      // One line: a text that wraps could not be drawn over.
      bar.update(done, { text: text.slice(0, Math.max(20, stream.columns - 40)) });
    },
    finish: () => {
      bar?.stop();
      bar = undefined;
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
  };
}
