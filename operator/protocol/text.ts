// Schemas for text on the channel. Text of the other end is printed in logs, tables and terminals, so it is bounded and one line.
import { z } from 'zod';
import { isOneLine } from '../api';

/** A name or an address: printable ASCII without spaces. May be empty. */
export function word(longest: number) {
  return z
    .string()
    .max(longest)
    .regex(/^[!-~]*$/, 'not printable ASCII without spaces');
}

/** A sentence of one line, in any script. May be empty. */
export function line(longest: number) {
  return z.string().max(longest).refine(isOneLine, 'it has control or format characters; it must be one line of text');
}
