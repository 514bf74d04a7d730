// Parses pages of a list and events of a watch, as far as the reflector needs them: key and version of objects, nothing else.
import { z } from 'zod';
import { ApiError, errorOf } from './errors';

const metadata = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().optional(),
  resourceVersion: z.string().default(''),
});
const named = z.looseObject({ metadata });

/** An object with its key and its resource version. */
export interface Identified {
  /** `namespace/name`, or `name` for a cluster-scoped object. */
  readonly key: string;
  readonly version: string;
  readonly raw: unknown;
}

/** Key and version of an object; undefined for an object without a name. */
export function identify(raw: unknown): Identified | undefined {
  const read = named.safeParse(raw);
  if (!read.success) return undefined;
  const { name, namespace, resourceVersion } = read.data.metadata;
  return { key: namespace === undefined ? name : `${namespace}/${name}`, version: resourceVersion, raw };
}

const pageShape = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullish(),
});

export interface Page {
  readonly items: readonly unknown[];
  readonly version: string;
  /** Token of the next page; undefined for the last. */
  readonly next: string | undefined;
}

/** Reads a page of a list. @throws ApiError for an answer that is no list */
export function pageOf(doing: string, answer: unknown): Page {
  const page = pageShape.safeParse(answer);
  if (!page.success) throw new ApiError(`${doing}: the answer is not a list: ${z.prettifyError(page.error)}`, 0, '');
  const { items, metadata } = page.data;
  return { items: items ?? [], version: metadata.resourceVersion, next: metadata.continue || undefined };
}

export type WatchEvent =
  { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown } | { readonly type: 'BOOKMARK'; readonly version: string };

const eventShape = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: z.unknown() }),
  z.object({ type: z.literal('BOOKMARK'), object: z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) }) }),
  z.object({ type: z.literal('ERROR'), object: z.unknown() }),
]);
const status = z.looseObject({ code: z.int() });

/** Reads an event of a watch. @throws ApiError for an event of type ERROR, with its Status, and for a line that is no event */
export function watchEventOf(doing: string, line: unknown): WatchEvent {
  const event = eventShape.safeParse(line);
  if (!event.success) throw new ApiError(`${doing}: the line is not a watch event: ${(JSON.stringify(line) ?? '').slice(0, 200)}`, 0, '');
  switch (event.data.type) {
    case 'BOOKMARK':
      return { type: 'BOOKMARK', version: event.data.object.metadata.resourceVersion };
    case 'ERROR': {
      const read = status.safeParse(event.data.object);
      throw errorOf(doing, read.success ? read.data.code : 500, event.data.object);
    }
    default:
      return { type: event.data.type, object: event.data.object };
  }
}

/**
 * True when version `one` comes before `other`: the versions of one kind are whole numbers that only grow, as the API guarantees since
 * KEP-5504 (etcd's revision). False when one of them is not a number.
 */
export function isOlder(one: string, other: string): boolean {
  return /^\d+$/.test(one) && /^\d+$/.test(other) && BigInt(one) < BigInt(other);
}
