// Waits until the status shows what a test expects, and reads its byte counts while no connection is open.
import type { NamespaceStatus, Status } from '../../../operator/api';
import type { Cluster } from '../cluster/cluster';
import { readResource } from './acceleration';
import { waitFor } from '../support/waitFor';

/**
 * Waits until a namespace's entry in the status matches; the error shows the last difference.
 * @param also a further condition, which `expected` cannot express
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

/** Waits until the status shows no open connection. Its byte counts then include all bytes of earlier connections. */
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
