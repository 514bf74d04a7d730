// Puts what is new into the objects that hold what was.

/**
 * `kept` with the content of `news`, in the objects that `kept` has already as far as their shapes are the same; what holds
 * `kept` sees the new content. For plain data that comes again and again and is kept until it does: a report of its own objects
 * would live just long enough to reach the garbage collector's old generation, which then grows to several times what is alive.
 */
export function overwrite<T>(kept: T, news: T): T {
  return overwritten(kept, news) as T;
}

function overwritten(kept: unknown, news: unknown): unknown {
  if (Array.isArray(kept) && Array.isArray(news)) {
    kept.length = Math.min(kept.length, news.length);
    for (const [index, each] of news.entries()) kept[index] = overwritten(kept[index], each);
    return kept;
  }
  // A string that says the same is the old object, and the new one is garbage at once.
  if (!isRecord(kept) || !isRecord(news) || !sameKeys(kept, news)) return kept === news ? kept : news;
  for (const key in news) kept[key] = overwritten(kept[key], news[key]);
  return kept;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function sameKeys(a: object, b: object): boolean {
  for (const key in b) if (!Object.hasOwn(a, key)) return false;
  for (const key in a) if (!Object.hasOwn(b, key)) return false;
  return true;
}
