// Writes the status when it says something new, at most once a second.
import { apiVersion, fieldManager, kind, singletonName, type Status } from '../../api';
import { apply, type KubeClient } from '../../kube';
import { sameStatus } from './statusValue';

const intervalMs = 1000;

export class StatusWriter {
  private written: { readonly uid: string; readonly status: Status } | undefined;
  private lastWriteMs = -Infinity;

  constructor(
    private readonly client: KubeClient,
    /** Monotonic milliseconds. */
    private readonly now: () => number,
  ) {}

  /** The status in force as far as this controller knows: what it wrote, else what is stored. */
  current(uid: string, stored: Status | undefined): Status | undefined {
    return this.written?.uid === uid ? this.written.status : stored;
  }

  /** Milliseconds until the next write may be made; 0 when it may be made now. */
  waitMs(): number {
    return Math.max(0, this.lastWriteMs + intervalMs - this.now());
  }

  /** Returns whether there was anything to write. */
  async write(uid: string, next: Status, stored: Status | undefined): Promise<boolean> {
    const before = this.current(uid, stored);
    if (before !== undefined && sameStatus(before, next)) return false;
    const metadata = { name: singletonName, uid };
    // From beginning to beginning: a server that is slow must not make what is shown older still.
    this.lastWriteMs = this.now();
    await apply(this.client, { apiVersion, kind, metadata, status: next }, { fieldManager, force: true, subresource: 'status' });
    this.written = { uid, status: next };
    return true;
  }
}
