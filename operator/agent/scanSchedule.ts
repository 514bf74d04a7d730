// Decides when the agent scans open connections, and those of which namespaces: every second while connections can still be joined, less
// often otherwise, and never for more than a small part of a core.
import type { ConnectionReason } from '../api';
import type { Datapath, DatapathSnapshot, Visit } from './datapath/contract';
import { OnDemandWatch } from './onDemand';

/** Connection ends with these reasons may be joined by a scan. */
const unsettled: readonly ConnectionReason[] = ['Learning', 'ShortLived', 'OneWay', 'Observing', 'LimitReached'];
const soonMs = 1000;
const seldomMs = 10_000;
/** Milliseconds between two scans of all selected pods. Scans in between cover namespaces in which connections can still be joined. */
const wholeEveryMs = 10_000;
/** A node is idle after so many scans of all pods with unchanged counters, so that thousands of idle connections cost next to nothing. */
const idleAfter = 3;
/** Milliseconds between scans of all pods of an idle node. Counters do not show everything: only a scan finds a connection that is not sampled. */
const idleEveryMs = 60_000;
/** Pause after a scan, as a multiple of its processor time. */
const restFactor = 200;
/** The same while connections are still learnt. */
const learningRestFactor = 50;
/** Scans that join a connection: its readers become known, its connecting end is a candidate, its accepting end answers, the other completes. */
const scansToJoin = 4;

export class ScanSchedule {
  private nextScan = 0;
  private restUntil = 0;
  private interval = soonMs;
  private lastWhole = Number.NEGATIVE_INFINITY;
  /** Counters at the last scan of all pods, as text. */
  private counted = '';
  /** Scans of all pods in a row with these counters. */
  private unchanged = 0;
  /** Connection ends with the reason Learning at the last step. */
  private learning = 0;
  /** Connection ends with the reason SplicingReader or CountingReader at the last step. */
  private odd = 0;
  /** Connections that had gone back to TCP at the last step. */
  private left = 0n;
  private readonly watch: OnDemandWatch;
  /** The namespaces of the scan that found unknown readers; undefined for all. */
  private unknownIn: ReadonlySet<string> | undefined;

  constructor(
    /** A monotonic clock in milliseconds. */
    private readonly now: () => number,
    /** Processor time of this thread in milliseconds. On a busy node a scan lasts much longer than its processor time. */
    private readonly worked: () => number = threadMilliseconds,
  ) {
    this.watch = new OnDemandWatch(now);
  }

  /** The selection or the mode has changed: the next step scans all pods. */
  hurry(): void {
    this.nextScan = 0;
    this.lastWhole = Number.NEGATIVE_INFINITY;
    this.interval = soonMs;
  }

  /** To be called once a second. Scans if it is time to. @param snapshot current counters */
  step(datapath: Datapath, snapshot: DatapathSnapshot): void {
    const learning = countOf(snapshot, ['Learning']);
    const odd = countOf(snapshot, ['SplicingReader', 'CountingReader']);
    const left = snapshot.namespaces.reduce((sum, entry) => sum + entry.left, 0n);
    // The reader of a connection that has just left the map, or has to leave it, may have missed a wakeup, so all pods are scanned at once.
    if (learning > this.learning || left > this.left || odd > this.odd) this.hurry();
    this.learning = learning;
    this.odd = odd;
    this.left = left;
    this.watch.step(datapath, snapshot);
    if (!datapath.visits || this.watch.waits) return;
    if (this.watch.hasSeen || this.now() >= Math.max(this.nextScan, this.restUntil)) this.scan(datapath, snapshot);
  }

  /** True while readers are watched in a way that slows every system call of the node. */
  get watching(): boolean {
    return this.watch.isOn;
  }

  /** To be called instead of `step` while nothing can be joined: ends the watching of readers. */
  rest(datapath: Datapath): void {
    this.watch.stop(datapath);
  }

  private scan(datapath: Datapath, snapshot: DatapathSnapshot): void {
    const open = snapshot.namespaces.filter((entry) => countOf({ namespaces: [entry] }, unsettled) > 0).map(({ namespace }) => namespace);
    const whole = this.wholeIsDue(snapshot);
    if (!whole && open.length === 0 && !this.watch.hasSeen) return;
    const before = this.worked();
    const left = whole ? [] : snapshot.namespaces.map(({ namespace }) => namespace).filter((namespace) => !open.includes(namespace));
    const joins = this.scanUntilJoined(datapath, whole ? undefined : new Set(open), new Set(left));
    this.interval = joins ? soonMs : Math.min(2 * this.interval, seldomMs);
    this.nextScan = this.now() + (open.length > 0 ? this.interval : seldomMs);
    this.restUntil = this.now() + (this.learning > 0 ? learningRestFactor : restFactor) * (this.worked() - before);
  }

  /**
   * Scans repeatedly while that brings connections nearer to being joined, four times at most. After unknown readers were watched, it scans
   * the namespaces in which they were found. @returns whether the first scan made progress
   */
  private scanUntilJoined(datapath: Datapath, namespaces: ReadonlySet<string> | undefined, left: ReadonlySet<string>): boolean {
    const always = datapath.watching === 'Always';
    const seen = this.watch.hasSeen;
    const first = seen ? datapath.visit(this.unknownIn, true) : scanAndProve(datapath, namespaces, left, always);
    this.watch.judged(first.steps > 0);
    let { steps } = first;
    for (let n = 1; steps > 0 && n < scansToJoin; n++) steps = scanAndProve(datapath, namespaces, left, always).steps;
    if (!seen && this.watch.found(datapath, first.strangers)) this.unknownIn = namespaces;
    return first.steps > 0;
  }

  private wholeIsDue(snapshot: DatapathSnapshot): boolean {
    const since = this.now() - this.lastWhole;
    if (since < wholeEveryMs) return false;
    const counted = textOf(snapshot);
    const same = counted === this.counted;
    if (same && this.unchanged >= idleAfter && since < idleEveryMs) return false;
    this.unchanged = same ? this.unchanged + 1 : 0;
    this.counted = counted;
    this.lastWhole = this.now();
    return true;
  }
}

function threadMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function countOf({ namespaces }: Pick<DatapathSnapshot, 'namespaces'>, reasons: readonly ConnectionReason[]): number {
  return namespaces.reduce((sum, entry) => sum + reasons.reduce((n, reason) => n + (entry.reasons.get(reason) ?? 0), 0), 0);
}

/**
 * Scans the namespaces and, when that made progress, also those that were left out. A connecting end that has become a candidate takes its
 * next scan without an answer as proof that no selected pod has its peer (`approach()` of adopt.h). So the namespaces that were left out must
 * be scanned before that.
 */
function scanAndProve(datapath: Datapath, namespaces: ReadonlySet<string> | undefined, left: ReadonlySet<string>, watched: boolean): Visit {
  const found = datapath.visit(namespaces, watched);
  if (found.steps === 0 || left.size === 0) return found;
  const others = datapath.visit(left, watched);
  return { steps: found.steps + others.steps, strangers: found.strangers };
}

function textOf({ namespaces }: DatapathSnapshot): string {
  return namespaces.map(({ passes, reasons, ...counters }) => [...Object.values(counters), ...[...passes].flat(), ...[...reasons].flat()].join()).join(';');
}
