// The Lease object as the elector reads and writes it, always against the version that was read (optimistic concurrency).
import { z } from 'zod';
import type { KubeClient } from './client';
import { isConflict, isNotFound } from './errors';
import { collectionPathOf, pathOf, type Manifest } from './kinds';

const leaseShape = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string() }),
  spec: z
    .looseObject({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .default({}),
});
export type Lease = z.infer<typeof leaseShape>;

/** The name of whoever holds it; undefined when nobody does. */
export const holderOf = (lease: Lease): string | undefined => lease.spec.holderIdentity || undefined;

export class LeaseClient {
  private readonly manifest: Manifest;

  /** @param timeoutMs of each request */
  constructor(
    private readonly client: Pick<KubeClient, 'request'>,
    place: { readonly namespace: string; readonly name: string },
    private readonly timeoutMs: number,
  ) {
    const { namespace, name } = place;
    this.manifest = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name } };
  }

  /** @returns undefined when there is none @throws ApiError */
  async read(): Promise<Lease | undefined> {
    try {
      return leaseShape.parse(await this.client.request('GET', pathOf(this.manifest), { timeoutMs: this.timeoutMs }));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Makes a new lease (no `from`), or replaces the one that was read. @returns undefined when somebody was quicker @throws ApiError */
  async write(spec: Lease['spec'], from: Lease | undefined): Promise<Lease | undefined> {
    try {
      const { timeoutMs } = this;
      const answer =
        from === undefined
          ? await this.client.request('POST', collectionPathOf(this.manifest), { body: { ...this.manifest, spec }, timeoutMs })
          : await this.client.request('PUT', pathOf(this.manifest), { body: { ...from, spec: { ...from.spec, ...spec } }, timeoutMs });
      return leaseShape.parse(answer);
    } catch (error) {
      // Deleted since it was read: as much a lost race as a newer version.
      if (isConflict(error) || isNotFound(error)) return undefined;
      throw error;
    }
  }
}

/** Now, as Kubernetes' MicroTime: RFC 3339 with exactly six digits. For people who read the lease; nobody computes with it. */
export function microTimeNow(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
