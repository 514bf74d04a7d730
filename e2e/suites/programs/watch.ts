// Looks after a datapath as the agent does, once a second, and remembers what it said about the connections meanwhile.
import type { Datapath } from '../../../operator/agent/datapath';
import { Visits } from '../../../operator/agent/visits';
import { waitFor } from '../../stand/support/waitFor';

const visitEveryMs = 1000;
/** Connections may be open for less than a second. */
const looksPerVisit = 5;

/** What was seen: bytes and messages since reset(), the rest since the datapath is watched. */
export interface Seen {
  /** Bytes sent by all ends, and those of them that were redirected. */
  readonly bytes: number;
  readonly fastBytes: number;
  /** Hops of which connections were joined, the client's first. */
  readonly hops: readonly number[];
  /** The most connection ends that had a reason at one time. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Messages of joined connections that went over TCP, by gate. */
  readonly passes: ReadonlyMap<string, number>;
}

interface Sums {
  readonly fast: bigint;
  readonly tcp: bigint;
  readonly passes: ReadonlyMap<string, bigint>;
}

export class Watch {
  private readonly visits = new Visits(() => performance.now());
  private readonly timer: NodeJS.Timeout;
  private readonly hops = new Set<number>();
  private readonly reasons = new Map<string, number>();
  private base: Sums;
  private looks = 0;

  constructor(private readonly datapath: Datapath) {
    this.base = this.sums();
    this.visits.hurry();
    this.timer = setInterval(() => this.look(), visitEveryMs / looksPerVisit);
  }

  /** Bytes and messages from now on count. */
  reset(): void {
    this.base = this.sums();
  }

  /** Resolves when no connection is open any more: the bytes of one that was never joined are counted when it closes. */
  closed(timeoutMs: number): Promise<boolean> {
    const open = (): number => this.datapath.snapshot().namespaces.reduce((sum, each) => sum + each.open, 0);
    return waitFor('every connection to close', () => open() === 0, { timeoutMs, everyMs: 50 }).catch(() => false);
  }

  seen(): Seen {
    const now = this.sums();
    const fastBytes = Number(now.fast - this.base.fast);
    const passes = [...now.passes].map(([gate, count]): [string, number] => [gate, Number(count - (this.base.passes.get(gate) ?? 0n))]);
    return {
      bytes: fastBytes + Number(now.tcp - this.base.tcp),
      fastBytes,
      hops: [...this.hops].sort(),
      reasons: new Map(this.reasons),
      passes: new Map(passes.filter(([, count]) => count > 0)),
    };
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const snapshot = this.datapath.snapshot();
    if (this.looks++ % looksPerVisit === 0) this.visits.step(this.datapath, snapshot);
    const reasons = new Map<string, number>();
    for (const entry of snapshot.namespaces) for (const [reason, ends] of entry.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + ends);
    for (const [reason, ends] of reasons) if (ends > 0) this.reasons.set(reason, Math.max(ends, this.reasons.get(reason) ?? 0));
    for (const { namespace, path } of this.datapath.connections(1000)) this.hops.add(hopOf(namespace, path));
  }

  private sums(): Sums {
    const passes = new Map<string, bigint>();
    let [fast, tcp] = [0n, 0n];
    for (const entry of this.datapath.snapshot().namespaces) {
      fast += entry.fastBytes;
      tcp += entry.tcpBytes;
      for (const [gate, count] of entry.passes) passes.set(gate, (passes.get(gate) ?? 0n) + count);
    }
    return { fast, tcp, passes };
  }
}

/** Client to its sidecar, sidecar to sidecar, sidecar to server (and whatever is inside the server's pod). */
function hopOf(namespace: string, path: string): number {
  if (path === 'NodeLocal') return 2;
  return namespace === 'client' ? 1 : 3;
}
