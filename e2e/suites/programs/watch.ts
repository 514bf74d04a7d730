// Scans and watches readers as the agent does, once a second, and remembers what the datapath showed about the connections.
import type { Datapath } from '../../../operator/agent/datapath';
import { ScanSchedule } from '../../../operator/agent/scanSchedule';
import { waitFor } from '../../stand/support/waitFor';

const visitEveryMs = 1000;
/** Snapshots for each step of the agent: connections may be open for less than a second. */
const looksPerVisit = 5;

/** What was seen: bytes and messages since reset(), everything else since the watch began. */
export interface Seen {
  /** `bytes`: sent by all connection ends. `fastBytes`: those of them that were redirected. */
  readonly bytes: number;
  readonly fastBytes: number;
  /** The hops on which connections were joined, counted from the client. */
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
  private readonly visits = new ScanSchedule(() => performance.now());
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

  /** From now on bytes and messages are counted anew. */
  reset(): void {
    this.base = this.sums();
  }

  /** Resolves with true when no connection is open any more. The bytes of a connection that was never joined are counted when it closes. */
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

/** 1: client to its sidecar. 2: sidecar to sidecar. 3: sidecar to server, and other connections inside the server's pod. */
function hopOf(namespace: string, path: string): number {
  if (path === 'NodeLocal') return 2;
  return namespace === 'client' ? 1 : 3;
}
