// For tests: an in-memory fake of the Datapath contract. It remembers the calls.
import type {
  ConnectionEnd,
  Datapath,
  DatapathPod,
  DatapathSettings,
  DatapathSnapshot,
  DescribedEnd,
  ReaderTrait,
  JoinedConnection,
  NamespaceCounters,
  ScanResult,
  Watching,
  WatchWay,
} from './datapath/contract';

/** The counters of a namespace without connections. */
export function noCounters(namespace: string): NamespaceCounters {
  return {
    namespace,
    open: 0,
    accelerated: 0,
    reasons: new Map(),
    fastBytes: 0n,
    tcpBytes: 0n,
    adopted: 0,
    left: 0n,
    woken: 0n,
    unseen: 0n,
    unfollowed: 0n,
    passes: new Map(),
    draining: 0,
  };
}

export class FakeDatapath implements Datapath {
  readonly told: string[] = [];
  settings: DatapathSettings | undefined;
  pods: readonly DatapathPod[] | undefined;
  /** Kubernetes namespaces for which select() has no room. */
  full: readonly string[] = [];
  counted: DatapathSnapshot = { namespaces: [], joinedSockets: 0, drainingSockets: 0 };
  joined: JoinedConnection[] = [];
  canScan = true;
  describes = true;
  /** The answers of describe(), by network namespace. */
  readonly ends = new Map<number, ConnectionEnd[]>();
  readonly scannedNamespaces: (ReadonlySet<string> | undefined)[] = [];
  /** Called by each scan. */
  work = (): void => undefined;
  /** The results of the next scans; after them, zero. Unknown readers are the result of scans without `watched`. */
  steps: number[] = [];
  unknownReaders: number[] = [];
  /** The argument `watched` of each scan. */
  readonly trusted: boolean[] = [];
  watching: Watching = 'OnDemand';
  readonly seenBy: ReadonlyMap<ReaderTrait, WatchWay> = new Map();

  reclaimed = 0;

  configure(settings: DatapathSettings): void {
    this.settings = settings;
    this.told.push(`configure ${settings.mode}`);
  }

  select(pods: readonly DatapathPod[], neighbours: readonly string[]): string[] {
    this.pods = pods;
    this.told.push(`select ${pods.map(({ netns }) => netns).join(' ')} beside ${neighbours.join(' ')}`.trim());
    return pods.map(({ namespace }) => namespace).filter((name) => this.full.includes(name));
  }

  snapshot(): DatapathSnapshot {
    return this.counted;
  }

  reclaim(): void {
    this.reclaimed++;
  }

  get scanned(): number {
    return this.scannedNamespaces.length;
  }

  scan(namespaces?: ReadonlySet<string>, watched = true): ScanResult {
    this.trusted.push(watched);
    this.scannedNamespaces.push(namespaces);
    this.work();
    const unknownReaders = watched ? 0 : (this.unknownReaders.shift() ?? 0);
    return { steps: this.steps.shift() ?? 0, unknownReaders };
  }

  watchReaders(on: boolean): void {
    this.told.push(on ? 'watch readers' : 'leave readers alone');
  }

  connections(limit: number): JoinedConnection[] {
    return this.joined.slice(0, limit);
  }

  describe(netns: number): Iterable<DescribedEnd[]> | undefined {
    const ends = this.ends.get(netns);
    return ends === undefined ? undefined : inChunks(ends.map(describedEnd));
  }

  release(): void {
    this.told.push('release');
  }

  close(): void {
    this.told.push('close');
  }
}

const chunk = 500;

function* inChunks(ends: DescribedEnd[]): Generator<DescribedEnd[]> {
  for (let at = 0; at < ends.length; at += chunk) yield ends.slice(at, at + chunk);
}

function describedEnd(end: ConnectionEnd): DescribedEnd {
  const { state, fastBytes, tcpBytes, rttUs } = end;
  return { accelerated: state === 'Accelerated', fastBytes: Number(fastBytes), tcpBytes: Number(tcpBytes), rttUs, whole: () => end };
}
