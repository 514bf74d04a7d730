// Repeats one thing for as long as another thing takes.

/**
 * Repeats `round` until `act` is over. There is at least one round, and the last round runs to its end.
 * @returns the results of the rounds
 * @throws the error of `act` or of a round, when neither is running any more
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

/** Like Promise.all, but rejects only when all of the promises have settled. */
export async function allOver<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(works);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
