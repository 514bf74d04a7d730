// When the agent looks at open connections, and at whose: soon while something can still join, seldom otherwise, and never
// for more than a small part of a core.
import type { ConnectionReason } from '../api';
import type { Datapath, DatapathSnapshot } from './datapath/contract';

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
/** A connection joins in three steps: its connecting end is found, its accepting end enters, then it does. */
const stepsToJoin = 3;
/** Programs are watched for this long before what they read over is trusted. */
const watchMs = 2000;
/** Also when nothing is learnt, readers are watched for a second now and then: a program may begin to splice late. */
const sampleEveryMs = 30_000;
const sampleMs = 1000;

export class Visits {
  private nextVisit = 0;
  private restUntil = 0;
  private interval = soonMs;
  private lastWhole = Number.NEGATIVE_INFINITY;
  /** What was counted at the last whole visit, and at how many before it. */
  private counted = '';
  private unchanged = 0;
  private learning = 0;
  private left = 0n;
  private watchedSince: number | undefined;
  private nextSample = 0;

  constructor(
    /** Milliseconds of a clock that only goes forward. */
    private readonly now: () => number,
    /** Milliseconds of processor time that this thread has had; on a busy node a visit takes much longer than that. */
    private readonly worked: () => number = threadMilliseconds,
  ) {}

  /** The selection or the mode has changed: every open connection is looked at. */
  hurry(): void {
    this.nextVisit = 0;
    this.lastWhole = Number.NEGATIVE_INFINITY;
    this.interval = soonMs;
  }

  /** Once a second, with what the counters said last. */
  step(datapath: Datapath, snapshot: DatapathSnapshot): void {
    const learning = countOf(snapshot, ['Learning']);
    const left = snapshot.namespaces.reduce((sum, entry) => sum + entry.left, 0n);
    // What has just left the map may have a reader that missed something meanwhile.
    if (learning > this.learning || left > this.left) this.hurry();
    this.learning = learning;
    this.left = left;
    // Without visits connections join when they open: nothing waits until their readers are known.
    this.watch(datapath, learning > 0 || !datapath.visits);
    if (!datapath.visits || (this.watchedFor() < watchMs && learning > 0)) return;
    if (this.now() >= Math.max(this.nextVisit, this.restUntil)) this.visit(datapath, snapshot);
  }

  /** Whether readers are watched at present, which slows every system call of the node a little. */
  get watching(): boolean {
    return this.watchedSince !== undefined;
  }

  private visit(datapath: Datapath, snapshot: DatapathSnapshot): void {
    const open = snapshot.namespaces.filter((entry) => countOf({ namespaces: [entry] }, unsettled) > 0).map(({ namespace }) => namespace);
    const whole = this.wholeIsDue(snapshot);
    if (!whole && open.length === 0) return;
    const before = this.worked();
    const left = whole ? [] : snapshot.namespaces.map(({ namespace }) => namespace).filter((namespace) => !open.includes(namespace));
    const look = (): number => visitAndProve(datapath, whole ? undefined : new Set(open), new Set(left));
    let moved = look();
    const joins = moved > 0;
    for (let n = 1; moved > 0 && n < stepsToJoin; n++) moved = look();
    this.interval = joins ? soonMs : Math.min(2 * this.interval, seldomMs);
    this.nextVisit = this.now() + (open.length > 0 ? this.interval : seldomMs);
    this.restUntil = this.now() + (this.learning > 0 ? learningRestFactor : restFactor) * (this.worked() - before);
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

  private watch(datapath: Datapath, learning: boolean): void {
    const now = this.now();
    if (now >= this.nextSample) this.nextSample = now + sampleEveryMs;
    const sampling = now < this.nextSample - sampleEveryMs + sampleMs;
    const on = learning || sampling;
    if (on === this.watching) return;
    datapath.watchReaders(on);
    this.watchedSince = on ? now : undefined;
  }

  private watchedFor(): number {
    return this.watchedSince === undefined ? 0 : this.now() - this.watchedSince;
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
function visitAndProve(datapath: Datapath, namespaces: ReadonlySet<string> | undefined, left: ReadonlySet<string>): number {
  const moved = datapath.visit(namespaces);
  return moved === 0 || left.size === 0 ? moved : moved + datapath.visit(left);
}

function textOf({ namespaces }: DatapathSnapshot): string {
  return namespaces.map(({ passes, reasons, ...counters }) => [...Object.values(counters), ...[...passes].flat(), ...[...reasons].flat()].join()).join(';');
}
