// For tests: a fake of the Datapath contract in memory, which records its calls.
import type { ConnectionEnd, Datapath, DatapathPod, DatapathSettings, DatapathSnapshot, DescribedEnd, Habit, JoinedConnection, NamespaceCounters, Visit, Watching, WatchWay } from './datapath/contract';

/** The counters of a namespace without connections. */
export function noCounters(namespace: string): NamespaceCounters {
  return {
    namespace, open: 0, accelerated: 0, reasons: new Map(), fastBytes: 0n, tcpBytes: 0n, adopted: 0, left: 0n, nudged: 0n, unseen: 0n, passes: new Map(), draining: 0,
  };
}

export class FakeDatapath implements Datapath {
  readonly told: string[] = [];
  settings: DatapathSettings | undefined;
  pods: readonly DatapathPod[] | undefined;
  /** Namespaces for which there is no room. */
  full: readonly string[] = [];
  counted: DatapathSnapshot = { namespaces: [], joinedSockets: 0, drainingSockets: 0 };
  joined: JoinedConnection[] = [];
  visits = true;
  describes = true;
  /** Network namespace → the connection ends that describe() returns. */
  readonly ends = new Map<number, ConnectionEnd[]>();
  readonly visitedNamespaces: (ReadonlySet<string> | undefined)[] = [];
  /** Called by each visit(). */
  work = (): void => undefined;
  /** Results of the next calls of visit(), then 0. Strangers are returned by calls without watched readers only. */
  steps: number[] = [];
  strangers: number[] = [];
  /** The argument `watched` of each call of visit(). */
  readonly trusted: boolean[] = [];
  watching: Watching = 'OnDemand';
  readonly seenBy: ReadonlyMap<Habit, WatchWay> = new Map();

  settled = 0;

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

  settle(): void {
    this.settled++;
  }

  get visited(): number {
    return this.visitedNamespaces.length;
  }

  visit(namespaces?: ReadonlySet<string>, watched = true): Visit {
    this.trusted.push(watched);
    this.visitedNamespaces.push(namespaces);
    this.work();
    const strangers = watched ? 0 : (this.strangers.shift() ?? 0);
    return { steps: this.steps.shift() ?? 0, strangers };
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
