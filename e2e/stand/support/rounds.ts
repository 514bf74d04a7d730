// Keeps something going, round after round, for as long as something else takes.

/**
 * Repeats `round` until `act` is over; there is at least one round, and the last one is finished.
 * @returns what the rounds returned
 * @throws what `act` or a round threw; neither is running any more
 */
export async function during<T>(round: () => Promise<T>, act: () => Promise<void>): Promise<T[]> {
  let acting = true;
  const acted = act().finally(() => (acting = false));
  const rounds: T[] = [];
  const repeated = (async () => {
    do rounds.push(await round());
    while (acting);
  })();
  await allOver<void>([acted, repeated]);
  return rounds;
}

/** Like Promise.all, but when it throws none of the others is under way any more either. */
export async function allOver<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(works);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
