// Runs many requests of one kind, a limited number at a time.

/** Does the work for every item, `at` items at a time. Returns the results in the order of the items. Stops at the first error. */
export async function inBulk<T, R>(items: readonly T[], at: number, work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed && next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: at }, worker));
  return results;
}
