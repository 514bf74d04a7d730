// Writes of a process that did not hold the Lease when the API server received them: what two leaders at a time would do.
import type { AuditedRequest } from '../../stand/api/audit';

const changing = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** A TokenReview stores nothing: it is a question. */
const questions = new Set(['tokenreviews', 'leases']);

export interface Writes {
  readonly count: number;
  /** One line each. */
  readonly stray: readonly string[];
}

/**
 * @param requests of all processes that take part, in the order they were received
 * @param nameOf the process of a credential
 */
export function writesOf(requests: readonly AuditedRequest[], nameOf: (credential: string) => string): Writes {
  const terms = requests.filter(({ resource, verb, code }) => resource === 'leases' && changing.has(verb) && code < 300);
  const writes = requests.filter(({ resource, verb }) => changing.has(verb) && !questions.has(resource));
  const stray = writes.filter((write) => !holdersAt(terms, write.receivedAt).includes(write.credential));
  return { count: writes.length, stray: stray.map((write) => `${write.receivedAt} ${nameOf(write.credential)}: ${write.verb} ${write.resource} ${write.name}, answered ${write.code}`) };
}

/** Whoever wrote the Lease last; while a write of it is being done also whoever held it before. */
function holdersAt(terms: readonly AuditedRequest[], moment: string): string[] {
  const begun = terms.filter(({ receivedAt }) => receivedAt <= moment);
  const done = begun.filter(({ answeredAt }) => answeredAt <= moment).at(-1);
  const doing = begun.filter(({ answeredAt }) => answeredAt > moment);
  return [...(done === undefined ? [] : [done]), ...doing].map(({ credential }) => credential);
}
