// Copies new data into existing objects, so that the old objects live on.

/**
 * Gives `kept` the content of `news`, reusing its objects as far as they have the same keys. References to `kept` see the new content. It is
 * meant for plain data that is replaced again and again: a new report's objects would live just long enough to reach V8's old generation, which
 * then grows to several times the live objects.
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
  // For an equal string the old object stays, and the new one is garbage at once.
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
