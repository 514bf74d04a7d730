// When the agent scans open connections, and in which Kubernetes namespaces: soon while connections can still join, seldom otherwise, and never for
// more than a small part of a core.
import type { ConnectionReason } from '../api';
import type { Datapath, DatapathSnapshot, ScanResult } from './datapath/contract';
import { OnDemandWatch } from './onDemand';

/** Connection ends that are on TCP for these reasons may be joined by a scan. */
const joinable: readonly ConnectionReason[] = ['Learning', 'ShortLived', 'OneWay', 'Observing', 'LimitReached'];
const soonMs = 1000;
const seldomMs = 10_000;
/** All selected pods are scanned this often. In between, only namespaces are scanned in which connections can still join. */
const wholeEveryMs = 10_000;
/**
 * A node counts as still when no counter has changed over this many scans of all pods. Scans are then seldom, so that thousands of idle connections
 * cost next to nothing.
 */
const stillAfter = 3;
/** A still node is scanned this often all the same, because only a scan finds a connection that the programs took for a short-lived one. */
const stillEveryMs = 60_000;
/**
 * The pause after a scan, as a multiple of the processor time that the scan took. The second, shorter one is for the time in which connections are in
 * the state Learning.
 */
const pauseFactor = 200;
const learningPauseFactor = 50;
/**
 * A connection is joined in four steps: the datapath knows its readers, its connecting end becomes a candidate, its accepting end enters the
 * SOCKHASH, its connecting end enters the SOCKHASH.
 */
const stepsToJoin = 4;

export class ScanSchedule {
  private nextScan = 0;
  private pauseUntil = 0;
  private interval = soonMs;
  private lastWhole = Number.NEGATIVE_INFINITY;
  /** The counters at the last scan of all pods, as text, and the number of such scans since they changed. */
  private counted = '';
  private unchanged = 0;
  private learning = 0;
  private unsafe = 0;
  private left = 0n;
  private readonly watch: OnDemandWatch;
  /** The namespaces of the scan that found unknown readers; undefined: all. */
  private unknownIn: ReadonlySet<string> | undefined;

  constructor(
    /** Milliseconds of a clock that only goes forward. */
    private readonly now: () => number,
    /** Milliseconds of processor time of this thread. On a busy node a scan takes much longer than that. */
    private readonly worked: () => number = threadMilliseconds,
  ) {
    this.watch = new OnDemandWatch(now);
  }

  /** To be called when the selection or the mode has changed. The next step scans all pods. */
  hurry(): void {
    this.nextScan = 0;
    this.lastWhole = Number.NEGATIVE_INFINITY;
    this.interval = soonMs;
  }

  /** To be called once a second, with the latest counters. */
  step(datapath: Datapath, snapshot: DatapathSnapshot): void {
    const learning = countOf(snapshot, ['Learning']);
    const unsafe = countOf(snapshot, ['SplicingReader', 'CountingReader']);
    const left = snapshot.namespaces.reduce((sum, entry) => sum + entry.left, 0n);
    // The reader of a connection that has just left the SOCKHASH, or has to, may have missed a wake-up.
    if (learning > this.learning || left > this.left || unsafe > this.unsafe) this.hurry();
    this.learning = learning;
    this.unsafe = unsafe;
    this.left = left;
    this.watch.step(datapath, snapshot);
    if (!datapath.canScan || this.watch.waits) return;
    if (this.watch.hasSeen || this.now() >= Math.max(this.nextScan, this.pauseUntil)) this.scan(datapath, snapshot);
  }

  /** Whether readers are watched at present in a way that slows every system call of the node. */
  get watching(): boolean {
    return this.watch.isOn;
  }

  /** To be called in place of step() while no connection can be joined: then the agent scans nothing and watches no reader. */
  rest(datapath: Datapath): void {
    this.watch.stop(datapath);
  }

  private scan(datapath: Datapath, snapshot: DatapathSnapshot): void {
    const open = snapshot.namespaces.filter((entry) => countOf({ namespaces: [entry] }, joinable) > 0).map(({ namespace }) => namespace);
    const whole = this.takeWhole(snapshot);
    if (!whole && open.length === 0 && !this.watch.hasSeen) return;
    const before = this.worked();
    const left = whole ? [] : snapshot.namespaces.map(({ namespace }) => namespace).filter((namespace) => !open.includes(namespace));
    const joins = this.takeSteps(datapath, whole ? undefined : new Set(open), new Set(left));
    this.interval = joins ? soonMs : Math.min(2 * this.interval, seldomMs);
    this.nextScan = this.now() + (open.length > 0 ? this.interval : seldomMs);
    this.pauseUntil = this.now() + (this.learning > 0 ? learningPauseFactor : pauseFactor) * (this.worked() - before);
  }

  /**
   * Takes all steps that can be taken at once; true where there were any. Namespaces with unknown readers are scanned again when these were watched.
   */
  private takeSteps(datapath: Datapath, namespaces: ReadonlySet<string> | undefined, left: ReadonlySet<string>): boolean {
    const always = datapath.watching === 'Always';
    const seen = this.watch.hasSeen;
    const first = seen ? datapath.scan(this.unknownIn, true) : scanWithOthers(datapath, namespaces, left, always);
    this.watch.judged(first.steps > 0);
    let { steps } = first;
    for (let n = 1; steps > 0 && n < stepsToJoin; n++) steps = scanWithOthers(datapath, namespaces, left, always).steps;
    if (!seen && this.watch.found(datapath, first.unknownReaders)) this.unknownIn = namespaces;
    return first.steps > 0;
  }

  /** True where a scan of all pods is due. It then counts as done. */
  private takeWhole(snapshot: DatapathSnapshot): boolean {
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
 * A connecting end that has put itself into `candidates` takes the next scan as proof that no selected pod has its accepting end (offer_candidate(),
 * ebpf/adopt.h). So where a scan took steps, the namespaces that it left out are scanned too.
 */
function scanWithOthers(datapath: Datapath, namespaces: ReadonlySet<string> | undefined, left: ReadonlySet<string>, watched: boolean): ScanResult {
  const found = datapath.scan(namespaces, watched);
  if (found.steps === 0 || left.size === 0) return found;
  const others = datapath.scan(left, watched);
  return { steps: found.steps + others.steps, unknownReaders: found.unknownReaders };
}

function textOf({ namespaces }: DatapathSnapshot): string {
  return namespaces
    .map(({ passes, reasons, ...counters }) => [...Object.values(counters), ...[...passes].flat(), ...[...reasons].flat()].join())
    .join(';');
}
