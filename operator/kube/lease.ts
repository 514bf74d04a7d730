// Reads and writes the Lease of an election, always against the version that was read (optimistic concurrency).
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

/** The identity of the holder; undefined when the Lease has none. */
export const holderOf = (lease: Lease): string | undefined => lease.spec.holderIdentity || undefined;

export class LeaseClient {
  private readonly manifest: Manifest;

  /** @param timeoutMs most milliseconds of each request */
  constructor(
    private readonly client: Pick<KubeClient, 'request'>,
    place: { readonly namespace: string; readonly name: string },
    private readonly timeoutMs: number,
  ) {
    const { namespace, name } = place;
    this.manifest = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name } };
  }

  /** The Lease; undefined when it does not exist. @throws ApiError */
  async read(): Promise<Lease | undefined> {
    try {
      return leaseShape.parse(await this.client.request('GET', pathOf(this.manifest), { timeoutMs: this.timeoutMs }));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /**
   * Replaces the Lease that was read, or creates one when `from` is undefined.
   * @returns the written Lease; undefined when another client wrote first
   * @throws ApiError
   */
  async write(spec: Lease['spec'], from: Lease | undefined): Promise<Lease | undefined> {
    try {
      const { timeoutMs } = this;
      const answer =
        from === undefined
          ? await this.client.request('POST', collectionPathOf(this.manifest), { body: { ...this.manifest, spec }, timeoutMs })
          : await this.client.request('PUT', pathOf(this.manifest), { body: { ...from, spec: { ...from.spec, ...spec } }, timeoutMs });
      return leaseShape.parse(answer);
    } catch (error) {
      // A Lease that was deleted since it was read is a lost race, as a newer version is.
      if (isConflict(error) || isNotFound(error)) return undefined;
      throw error;
    }
  }
}

/** The current time as Kubernetes' MicroTime: RFC 3339 with exactly six digits of a second. No program computes with it. */
export function microTimeNow(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
