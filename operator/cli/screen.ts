// A page on a terminal that is drawn over itself.
import type { WriteStream } from 'node:tty';

/** Cursor to the corner; and, after a text, everything below it away (ECMA-48 CUP, ED). */
const [corner, clearBelow, clearLine] = ['\u001b[H', '\u001b[J', '\u001b[K'];

/** Undefined where nothing can be drawn over: a pipe, a file, a terminal without such means. */
export function screenOn(stream: NodeJS.WritableStream & { isTTY?: boolean }, environment: NodeJS.ProcessEnv): ((text: string) => void) | undefined {
  if (stream.isTTY !== true || environment['TERM'] === 'dumb') return undefined;
  const { rows = 24 } = stream as WriteStream;
  let begun = false;
  return (text) => {
    const lines = text.split('\n').slice(0, rows - 1).map((line) => `${line}${clearLine}`);
    stream.write(`${begun ? '' : '\u001b[2J'}${corner}${lines.join('\n')}\n${clearBelow}`);
    begun = true;
  };
}
