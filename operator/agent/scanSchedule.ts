// When the agent looks at open connections, and at whose: soon while something can still join, seldom otherwise, and never
// for more than a small part of a core.
import type { ConnectionReason } from '../api';
import type { Datapath, DatapathSnapshot, ScanResult } from './datapath/contract';
import { OnDemandWatch } from './onDemand';

/** Ends with these may join at a visit. */
const unsettled: readonly ConnectionReason[] = ['Learning', 'ShortLived', 'OneWay', 'Observing', 'LimitReached'];
const soonMs = 1000;
const seldomMs = 10_000;
/** All selected pods are visited at least this often, others only where something can still join. */
const wholeEveryMs = 10_000;
/** A node on which nothing was counted over so many of these visits is still: thousands of idle connections cost next to nothing there. */
const stillAfter = 3;
/** Not everything is counted: a connection taken for a short one is met by a visit only. */
const stillEveryMs = 60_000;
/** Pause after a visit, as a multiple of the processor time it took; and while something is learnt. */
const restFactor = 200;
const learningRestFactor = 50;
/** A connection joins in four steps: its readers become known, its connecting end is found, its accepting end enters, then it does. */
const stepsToJoin = 4;

export class ScanSchedule {
  private nextScan = 0;
  private restUntil = 0;
  private interval = soonMs;
  private lastWhole = Number.NEGATIVE_INFINITY;
  /** What was counted at the last whole visit, and at how many before it. */
  private counted = '';
  private unchanged = 0;
  private learning = 0;
  private odd = 0;
  private left = 0n;
  private readonly watch: OnDemandWatch;
  /** The namespaces of the visit that found strangers; undefined for all. */
  private strange: ReadonlySet<string> | undefined;

  constructor(
    /** Milliseconds of a clock that only goes forward. */
    private readonly now: () => number,
    /** Milliseconds of processor time that this thread has had; on a busy node a visit takes much longer than that. */
    private readonly worked: () => number = threadMilliseconds,
  ) {
    this.watch = new OnDemandWatch(now);
  }

  /** The selection or the mode has changed: every open connection is looked at. */
  hurry(): void {
    this.nextScan = 0;
    this.lastWhole = Number.NEGATIVE_INFINITY;
    this.interval = soonMs;
  }

  /** Once a second, with what the counters said last. */
  step(datapath: Datapath, snapshot: DatapathSnapshot): void {
    const learning = countOf(snapshot, ['Learning']);
    const odd = countOf(snapshot, ['SplicingReader', 'CountingReader']);
    const left = snapshot.namespaces.reduce((sum, entry) => sum + entry.left, 0n);
    // What has just left the map, or has to, may have a reader that missed something meanwhile.
    if (learning > this.learning || left > this.left || odd > this.odd) this.hurry();
    this.learning = learning;
    this.odd = odd;
    this.left = left;
    this.watch.step(datapath, snapshot);
    if (!datapath.canScan || this.watch.waits) return;
    if (this.watch.hasSeen || this.now() >= Math.max(this.nextScan, this.restUntil)) this.scan(datapath, snapshot);
  }

  /** Whether readers are watched at present in a way that slows every system call of the node. */
  get watching(): boolean {
    return this.watch.isOn;
  }

  /** For the time when nothing can be joined: no visits, and nobody is watched. */
  rest(datapath: Datapath): void {
    this.watch.stop(datapath);
  }

  private scan(datapath: Datapath, snapshot: DatapathSnapshot): void {
    const open = snapshot.namespaces.filter((entry) => countOf({ namespaces: [entry] }, unsettled) > 0).map(({ namespace }) => namespace);
    const whole = this.wholeIsDue(snapshot);
    if (!whole && open.length === 0 && !this.watch.hasSeen) return;
    const before = this.worked();
    const left = whole ? [] : snapshot.namespaces.map(({ namespace }) => namespace).filter((namespace) => !open.includes(namespace));
    const joins = this.look(datapath, whole ? undefined : new Set(open), new Set(left));
    this.interval = joins ? soonMs : Math.min(2 * this.interval, seldomMs);
    this.nextScan = this.now() + (open.length > 0 ? this.interval : seldomMs);
    this.restUntil = this.now() + (this.learning > 0 ? learningRestFactor : restFactor) * (this.worked() - before);
  }

  /** Takes all steps that can be taken at once; strangers are looked at again where they were found, once they have been watched. */
  private look(datapath: Datapath, namespaces: ReadonlySet<string> | undefined, left: ReadonlySet<string>): boolean {
    const always = datapath.watching === 'Always';
    const seen = this.watch.hasSeen;
    const first = seen ? datapath.scan(this.strange, true) : scanWithOthers(datapath, namespaces, left, always);
    this.watch.judged(first.steps > 0);
    let { steps } = first;
    for (let n = 1; steps > 0 && n < stepsToJoin; n++) steps = scanWithOthers(datapath, namespaces, left, always).steps;
    if (!seen && this.watch.found(datapath, first.unknownReaders)) this.strange = namespaces;
    return first.steps > 0;
  }

  private wholeIsDue(snapshot: DatapathSnapshot): boolean {
    const since = this.now() - this.lastWhole;
    if (since < wholeEveryMs) return false;
    const counted = textOf(snapshot);
    const same = counted === this.counted;
    if (same && this.unchanged >= stillAfter && since < stillEveryMs) return false;
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
 * Who has offered itself takes the next look for the proof that no pod has its other end (`approach()` of adopt.h), so pods that were
 * left out are visited before it.
 */
function scanWithOthers(datapath: Datapath, namespaces: ReadonlySet<string> | undefined, left: ReadonlySet<string>, watched: boolean): ScanResult {
  const found = datapath.scan(namespaces, watched);
  if (found.steps === 0 || left.size === 0) return found;
  const others = datapath.scan(left, watched);
  return { steps: found.steps + others.steps, unknownReaders: found.unknownReaders };
}

function textOf({ namespaces }: DatapathSnapshot): string {
  return namespaces.map(({ passes, reasons, ...counters }) => [...Object.values(counters), ...[...passes].flat(), ...[...reasons].flat()].join()).join(';');
}
