// Writes the status when it has changed, at most once a second.
import { apiVersion, fieldManager, kind, singletonName, type Status } from '../../api';
import { apply, type KubeClient } from '../../kube';
import { sameStatus } from './statusValue';

const intervalMs = 1000;

export class StatusWriter {
  private written: { readonly uid: string; readonly status: Status } | undefined;
  private lastWriteMs = -Infinity;

  constructor(
    private readonly client: KubeClient,
    /** A monotonic clock in milliseconds. */
    private readonly now: () => number,
  ) {}

  /** The current status of the resource with this UID: the one that this controller wrote last, otherwise the stored one. */
  current(uid: string, stored: Status | undefined): Status | undefined {
    return this.written?.uid === uid ? this.written.status : stored;
  }

  /** Milliseconds until the next write is allowed; 0 when it is allowed now. */
  waitMs(): number {
    return Math.max(0, this.lastWriteMs + intervalMs - this.now());
  }

  /** Writes the status if it differs. @returns whether it was written @throws ApiError */
  async write(uid: string, next: Status, stored: Status | undefined): Promise<boolean> {
    const before = this.current(uid, stored);
    if (before !== undefined && sameStatus(before, next)) return false;
    const metadata = { name: singletonName, uid };
    // Measured from the beginning of a write, so that a slow server does not make the status older than necessary.
    this.lastWriteMs = this.now();
    await apply(this.client, { apiVersion, kind, metadata, status: next }, { fieldManager, force: true, subresource: 'status' });
    this.written = { uid, status: next };
    return true;
  }
}
