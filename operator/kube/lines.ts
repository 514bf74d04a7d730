// Splits a byte stream into lines.
import { StringDecoder } from 'node:string_decoder';

/** Most characters of a line. An object in etcd has at most 1.5 MiB, so a longer line is no watch event. */
const maxLineLength = 32 * 1024 * 1024;

/**
 * Yields non-empty lines as soon as they are complete. Text after the last line feed is dropped, because it was cut off.
 * @throws Error when a line is longer than 32 Mi characters
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  // The pieces of the unfinished line are joined once: joining them for every chunk would copy a long line again and again.
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const [first = '', ...others] = decoder.write(chunk).split('\n');
    pieces.push(first);
    length += first.length;
    if (length > maxLineLength) throw new Error(`a line has more than ${maxLineLength} characters`);
    for (const other of others) {
      const line = pieces.join('');
      pieces = [other];
      length = other.length;
      if (line !== '') yield line;
    }
  }
}
