// Text on the channel: bounded, and never more than a line. What one end sends stands in logs, tables and terminals at the other.
import { z } from 'zod';
import { isOneLine } from '../api';

/** A name or an address: printable ASCII without spaces. May be empty. */
export function word(longest: number) {
  return z.string().max(longest).regex(/^[!-~]*$/, 'not a word of printable ASCII');
}

/** A sentence for people, in any script. May be empty. */
export function line(longest: number) {
  return z.string().max(longest).refine(isOneLine, 'it holds control or format characters: it has to be one line of text');
}
