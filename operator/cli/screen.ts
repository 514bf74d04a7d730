// A page on a terminal that is redrawn in place.
import type { WriteStream } from 'node:tty';

/** Control sequences of ECMA-48: move the cursor to the corner (CUP), clear to the end of the screen (ED), clear to the end of the line (EL). */
const [corner, clearBelow, clearLine] = ['\u001b[H', '\u001b[J', '\u001b[K'];

/** The function that draws a page, cut to the terminal's height. Undefined for a pipe, a file and a dumb terminal, where nothing can be redrawn. */
export function screenOn(stream: NodeJS.WritableStream & { isTTY?: boolean }, environment: NodeJS.ProcessEnv): ((text: string) => void) | undefined {
  if (stream.isTTY !== true || environment['TERM'] === 'dumb') return undefined;
  const { rows = 24 } = stream as WriteStream;
  let hasDrawn = false;
  return (text) => {
    const lines = text
      .split('\n')
      .slice(0, rows - 1)
      .map((line) => `${line}${clearLine}`);
    stream.write(`${hasDrawn ? '' : '\u001b[2J'}${corner}${lines.join('\n')}\n${clearBelow}`);
    hasDrawn = true;
  };
}
