// Finds stray writes: writes of a process that did not hold the Lease when the API server received them, as with two leaders at a time.
import type { AuditedRequest } from '../../stand/api/audit';

const changing = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** Requests that are not counted as writes: a TokenReview stores nothing, and a Lease is what processes compete for. */
const questions = new Set(['tokenreviews', 'leases']);

export interface Writes {
  readonly count: number;
  /** A line for each stray write. */
  readonly stray: readonly string[];
}

/**
 * @param requests of all processes, in the order in which they were received
 * @param nameOf gives the name of the process with a credential
 */
export function writesOf(requests: readonly AuditedRequest[], nameOf: (credential: string) => string): Writes {
  const terms = requests.filter(({ resource, verb, code }) => resource === 'leases' && changing.has(verb) && code < 300);
  const writes = requests.filter(({ resource, verb }) => changing.has(verb) && !questions.has(resource));
  const stray = writes.filter((write) => !holdersAt(terms, write.receivedAt).includes(write.credential));
  return {
    count: writes.length,
    stray: stray.map(
      (write) => `${write.receivedAt} ${nameOf(write.credential)}: ${write.verb} ${write.resource} ${write.name}, answered ${write.code}`,
    ),
  };
}

/** The process that wrote the Lease last. While a write of the Lease is under way, also the process that makes this write. */
function holdersAt(terms: readonly AuditedRequest[], moment: string): string[] {
  const begun = terms.filter(({ receivedAt }) => receivedAt <= moment);
  const done = begun.filter(({ answeredAt }) => answeredAt <= moment).at(-1);
  const doing = begun.filter(({ answeredAt }) => answeredAt > moment);
  return [...(done === undefined ? [] : [done]), ...doing].map(({ credential }) => credential);
}
