// Waits for what the resource shows of itself, and reads what has moved when nothing is under way.
import type { NamespaceStatus, Status } from '../../../operator/api';
import type { Cluster } from '../cluster/cluster';
import { readResource } from './acceleration';
import { waitFor } from '../support/waitFor';

/**
 * Waits until a namespace's entry matches; the error shows in what it differed last.
 * @param also what an object to be matched cannot say
 */
export function shows(
  cluster: Cluster,
  namespace: string,
  expected: Partial<NamespaceStatus>,
  also: (entry: NamespaceStatus) => boolean = () => true,
): Promise<NamespaceStatus> {
  return waitFor(`the status of ${namespace}`, async () => {
    const entry = entryOf(await statusNow(cluster), namespace);
    expect(entry).toMatchObject(expected);
    return entry !== undefined && also(entry) && entry;
  });
}

/** Bytes that a namespace's pods have sent since their agents first counted. */
export type Bytes = NamespaceStatus['bytes'];

/** Waits until no connection is open; the byte counts that are shown then are whole. */
export async function bytesWhenQuiet(cluster: Cluster, namespace: string): Promise<Bytes> {
  return (await shows(cluster, namespace, { connections: { open: 0, accelerated: 0 } })).bytes;
}

/** The entry of a namespace in the status; undefined when it is not listed. */
export function entryOf(status: Status, namespace: string): NamespaceStatus | undefined {
  return status.namespaces?.find(({ name }) => name === namespace);
}

export async function statusNow(cluster: Cluster): Promise<Status> {
  return (await readResource(cluster)).status ?? {};
}
