// The text of a list, with a bound for its bytes.
import type { ConnectionList } from '../../api';
import { Refusal } from './refusal';

/** Most bytes of one list. 5000 connections with names of ordinary length have some 2.5 MiB. */
export const maxListBytes = 4 * 1024 * 1024;

/** Bytes of `remainingItemCount` with the largest number. */
const countBytes = 64;

/**
 * The list in JSON. Connections that do not fit are left out, those that have sent the least first, and are counted in `remainingItemCount`.
 * @param most bytes @throws Refusal with 400 when the sums and the silent nodes alone do not fit
 */
export function bodyOf({ items, metadata, ...rest }: ConnectionList, most = maxListBytes): string {
  const frame = (omitted: number): string =>
    JSON.stringify({ ...rest, metadata: { ...metadata, ...(omitted === 0 ? {} : { remainingItemCount: omitted }) } }).slice(0, -1);
  const before = metadata.remainingItemCount ?? 0;
  let room = most - Buffer.byteLength(frame(before)) - countBytes;
  if (room < 0) throw new Refusal(400, 'BadRequest', `the answer would have more than ${most} bytes; name a namespace or a pod`);
  const texts: string[] = [];
  for (const item of items) {
    const text = JSON.stringify(item);
    room -= Buffer.byteLength(text) + 1;
    if (room < 0) break;
    texts.push(text);
  }
  return `${frame(before + items.length - texts.length)},"items":[${texts.join(',')}]}`;
}
