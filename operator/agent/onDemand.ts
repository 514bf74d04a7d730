// When readers are watched where that slows every system call of the node: while something is at stake, and no longer.
import type { Datapath, DatapathSnapshot } from './datapath/contract';

/** Programs are watched for this long before what they read over is trusted. */
const watchMs = 2000;
/** Longer messages than before may be the first that a program asks FIONREAD for; they can go on for hours, and are a reason once in so long. */
const unprovenEveryMs = 60_000;
/** After a watch in which strangers have read nothing the next waits, each time twice as long: a heartbeat is no stake. */
const leastPauseMs = 5000;
const longestPauseMs = 300_000;

export class OnDemandWatch {
  /** What is watching; another datapath than before begins unwatched. */
  private watching: Datapath | undefined;
  private until = 0;
  private strangersSince: number | undefined;
  private strangers = 0;
  private pauseMs = leastPauseMs;
  private notBefore = 0;
  private nextUnproven = 0;
  private unproven = 0n;
  private warmedUp = 0n;

  /** @param now milliseconds of a clock that only goes forward */
  constructor(private readonly now: () => number) {}

  /** Once a second. */
  step(datapath: Datapath, snapshot: DatapathSnapshot): void {
    if (this.watching !== datapath) this.begin();
    if (datapath.watching !== 'OnDemand') return;
    const [unproven, warmedUp] = [passes(snapshot, 'Unproven'), passes(snapshot, 'WarmUp')];
    // Without visits connections are joined when they open, and show how they are read while they warm up.
    if (!datapath.canScan && warmedUp > this.warmedUp) this.start(datapath);
    if (unproven > this.unproven && this.now() >= this.nextUnproven) {
      this.nextUnproven = this.now() + unprovenEveryMs;
      this.start(datapath);
    }
    this.unproven = unproven;
    this.warmedUp = warmedUp;
    if (this.watching !== undefined && this.now() >= this.until && this.strangersSince === undefined) this.stop(datapath);
  }

  /** A visit has found so many readers that nobody knows: what they read from now on is seen. True when it is. */
  found(datapath: Datapath, strangers: number): boolean {
    if (datapath.watching !== 'OnDemand' || strangers === 0) return false;
    // Fewer at a visit in between prove nothing: those that were there before are still told by their number.
    if (this.now() < this.notBefore && strangers <= this.strangers) return false;
    this.strangers = strangers;
    this.start(datapath);
    this.strangersSince = this.now();
    return true;
  }

  get isOn(): boolean {
    return this.watching !== undefined;
  }

  /** The next visit is to wait: strangers have not been watched for long enough. */
  get waits(): boolean {
    return this.strangersSince !== undefined && !this.hasSeen;
  }

  /** What strangers have read since the visit that found them was seen. */
  get hasSeen(): boolean {
    return this.strangersSince !== undefined && this.now() - this.strangersSince >= watchMs;
  }

  /** A visit after that: strangers who have read are known now, and the others not worth watching for a while. */
  judged(fruitful: boolean): void {
    if (this.strangersSince === undefined) return;
    this.pauseMs = fruitful ? leastPauseMs : Math.min(2 * this.pauseMs, longestPauseMs);
    this.notBefore = this.now() + this.pauseMs;
    this.strangersSince = undefined;
  }

  /** Nothing is joined any more. */
  stop(datapath: Datapath): void {
    if (this.watching === datapath) datapath.watchReaders(false);
    this.begin();
  }

  private begin(): void {
    this.watching = undefined;
    this.strangersSince = undefined;
  }

  private start(datapath: Datapath): void {
    this.until = this.now() + watchMs;
    if (this.watching !== datapath) datapath.watchReaders(true);
    this.watching = datapath;
  }
}

function passes({ namespaces }: DatapathSnapshot, gate: string): bigint {
  return namespaces.reduce((sum, entry) => sum + (entry.passes.get(gate) ?? 0n), 0n);
}
