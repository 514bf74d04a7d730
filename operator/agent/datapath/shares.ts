// How much of their limits pods and the node have taken: the rows of the pods, the limits that are reached, and the debts of closed connection ends.
import { boundsOfNode, boundsOfPod, type Bounds } from '../../api';
import type { Limits, Maps, Share } from './abi';
import type { DatapathSettings } from './contract';
import type { SocketChecker } from './socketCheck';

const node = 0;
const nothing: Share = { sockets: 0n, ends: 0n, unread: 0n, held: 0n };
/** A limit counts as reached at this part of it. Leases are taken in steps, so the rest is too small for another. */
const nearly = 31 / 32;
/** The most debts that are checked in one call. */
const debtsAtOnce = 2048;

export class Shares {
  private limits: DatapathSettings['bounds'];
  /** The debt behind which the next check begins. */
  private lastDebt: bigint | undefined;

  constructor(
    private readonly maps: Pick<Maps, 'usage' | 'shares' | 'debts'>,
    private readonly checker: Pick<SocketChecker, 'payDebts'>,
  ) {}

  /** The limits of these settings, as the programs read them. */
  limit({ maxConnections, bounds }: DatapathSettings): { readonly node: Limits; readonly pod: Limits } {
    const ofNode = boundsOfNode(maxConnections);
    this.limits = bounds ?? { node: ofNode, pod: boundsOfPod(ofNode) };
    return { node: limitsOf(this.limits.node), pod: limitsOf(this.limits.pod) };
  }

  /** Makes rows for the pods that are about to be selected. A pod that is no longer selected keeps its row until its last end is closed. */
  keepFor(pods: ReadonlySet<number>): void {
    const known = [...this.maps.shares.keys()];
    for (const netns of known.filter((each) => !pods.has(each))) if (this.isUnused(netns)) this.maps.shares.delete(netns);
    for (const netns of pods) this.maps.shares.add(netns, nothing);
  }

  /** How much of the node's limits all pods together have taken. */
  taken(): Bounds {
    const { sockets, ends, unread } = this.maps.usage.get(node) ?? nothing;
    return { sockets: gauge(sockets), ends: gauge(ends), unread: gauge(unread) };
  }

  /** Gives back debts whose messages are read, or whose socket is closed. Checks some debts in each call, and the next ones in the next. */
  payDebts(): void {
    const cookies = [...this.maps.debts.keys(debtsAtOnce, this.lastDebt)];
    if (cookies.length > 0) this.checker.payDebts(cookies);
    // a walk can only go on behind a row that still exists
    this.lastDebt = cookies.length < debtsAtOnce ? undefined : cookies.findLast((each) => this.maps.debts.get(each) !== undefined);
  }

  /** Whether connections of a pod hold leases for unread messages. */
  holdsUnread(netns: number): boolean {
    return (this.maps.shares.get(netns)?.unread ?? 0n) > 0n;
  }

  /** The limits that are reached, one line for each. @param namespaceOf the Kubernetes namespace of the pod with this network namespace */
  reached(namespaceOf: (netns: number) => string | undefined): string[] {
    if (this.limits === undefined) return [];
    const lines = linesOf('the node', this.maps.usage.get(node), this.limits.node);
    if (linesOf('all together', this.maps.usage.get(node), this.limits.pod).length === 0) return lines; // then no pod alone has reached its limit
    for (const netns of this.maps.shares.keys()) {
      const whose = namespaceOf(netns);
      if (whose === undefined) continue;
      for (const line of linesOf(`a pod of namespace ${whose}`, this.maps.shares.get(netns), this.limits.pod)) lines.push(line);
    }
    return [...new Set(lines)].sort();
  }

  private isUnused(netns: number): boolean {
    const share = this.maps.shares.get(netns);
    return share !== undefined && share.sockets <= 0n && share.ends <= 0n && share.unread <= 0n && share.held <= 0n;
  }
}

/** A count that was lost may leave a value below zero. */
function gauge(value: bigint): number {
  return Math.max(0, Number(value));
}

function limitsOf({ sockets, ends, unread }: Bounds): Limits {
  return { sockets: BigInt(sockets), ends: BigInt(ends), unread: BigInt(unread) };
}

function linesOf(whose: string, share: Share | undefined, bounds: Bounds): string[] {
  if (share === undefined) return [];
  const ends = Number(share.ends) >= nearly * bounds.ends ? [`${whose} has as many connections open as are followed (${bounds.ends} ends)`] : [];
  const isFull = (bytes: bigint): boolean => Number(bytes) >= nearly * bounds.unread;
  const unread = isFull(share.unread) ? [`unread messages of ${whose} cost as much as they may (${bounds.unread >> 20} MiB)`] : [];
  const held = isFull(share.held) ? [`messages that ${whose} does not read cost as much as they may (${bounds.unread >> 20} MiB)`] : [];
  return [...ends, ...unread, ...held];
}
