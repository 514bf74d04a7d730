// Splits a byte stream into lines as they become complete.
import { StringDecoder } from 'node:string_decoder';

/** An object in etcd is at most 1.5 MiB; a line far beyond that is no watch event. */
const maxLineLength = 32 * 1024 * 1024;

/**
 * Non-empty lines. What follows the last line feed is left out: it was cut off.
 * @throws Error when a line is longer than 32 Mi characters
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  // Pieces of the unfinished line are kept apart: joining them for every chunk would copy a long line again and again.
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const [first = '', ...others] = decoder.write(chunk).split('\n');
    pieces.push(first);
    length += first.length;
    if (length > maxLineLength) throw new Error(`a line of more than ${maxLineLength} characters`);
    for (const other of others) {
      const line = pieces.join('');
      pieces = [other];
      length = other.length;
      if (line !== '') yield line;
    }
  }
}
