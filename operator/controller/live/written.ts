// Waits until an answer has left this process. An answer that nobody reads keeps its place until then, so the memory of all such answers together
// is bounded by the number of places.
import type { ServerResponse } from 'node:http';

/** When an answer is over. To be called before anything is written. */
export function closeOf(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('close', resolve));
}

/**
 * Resolves when the answer has been handed to the system as a whole, or its connection is closed.
 * @param closed of `closeOf`
 * @param lost ends the connection at once when it is aborted
 * @param mostMs most milliseconds until then; after that the connection is ended
 */
export async function written(response: ServerResponse, closed: Promise<void>, lost: AbortSignal, mostMs: number): Promise<void> {
  const end = (): void => void response.destroy();
  const timer = setTimeout(end, mostMs);
  lost.addEventListener('abort', end, { once: true });
  await closed;
  clearTimeout(timer);
  lost.removeEventListener('abort', end);
}
