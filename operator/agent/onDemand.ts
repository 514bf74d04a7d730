// Decides when readers are watched on kernels where that slows every system call of the node: only while the result decides about joining.
import type { Datapath, DatapathSnapshot } from './datapath/contract';

/** Milliseconds for which programs are watched before their connections are joined. */
const watchMs = 2000;
/**
 * Milliseconds between two watches because of longer messages than before, for which a program may begin to use FIONREAD. Such messages can
 * go on for hours.
 */
const unprovenEveryMs = 60_000;
/**
 * Milliseconds after a watch in which unknown readers have read nothing. The pause doubles each time up to the longest, so that a connection
 * with a heartbeat only does not cause frequent watches.
 */
const leastPauseMs = 5000;
const longestPauseMs = 300_000;

export class OnDemandWatch {
  /** The datapath whose readers are watched. Another datapath begins without watching. */
  private watching: Datapath | undefined;
  private until = 0;
  private strangersSince: number | undefined;
  private strangers = 0;
  private pauseMs = leastPauseMs;
  private notBefore = 0;
  private nextUnproven = 0;
  private unproven = 0n;
  private warmedUp = 0n;

  /** @param now a monotonic clock in milliseconds */
  constructor(private readonly now: () => number) {}

  /** To be called once a second: begins and ends the watching of readers. */
  step(datapath: Datapath, snapshot: DatapathSnapshot): void {
    if (this.watching !== datapath) this.begin();
    if (datapath.watching !== 'OnDemand') return;
    const [unproven, warmedUp] = [passes(snapshot, 'Unproven'), passes(snapshot, 'WarmUp')];
    // Where the kernel cannot scan, connections are joined when they open, and the first messages show how they are read.
    if (!datapath.visits && warmedUp > this.warmedUp) this.start(datapath);
    if (unproven > this.unproven && this.now() >= this.nextUnproven) {
      this.nextUnproven = this.now() + unprovenEveryMs;
      this.start(datapath);
    }
    this.unproven = unproven;
    this.warmedUp = warmedUp;
    if (this.watching !== undefined && this.now() >= this.until && this.strangersSince === undefined) this.stop(datapath);
  }

  /** A scan has found unknown readers: begins to watch them unless a pause lasts. @returns whether they are watched */
  found(datapath: Datapath, strangers: number): boolean {
    if (datapath.watching !== 'OnDemand' || strangers === 0) return false;
    // During a pause only more unknown readers than before are a reason; the same number is taken for the same readers.
    if (this.now() < this.notBefore && strangers <= this.strangers) return false;
    this.strangers = strangers;
    this.start(datapath);
    this.strangersSince = this.now();
    return true;
  }

  /** True while readers are watched. */
  get isOn(): boolean {
    return this.watching !== undefined;
  }

  /** True while the next scan must wait because unknown readers were not watched for long enough. */
  get waits(): boolean {
    return this.strangersSince !== undefined && !this.hasSeen;
  }

  /** True when unknown readers were watched for long enough. */
  get hasSeen(): boolean {
    return this.strangersSince !== undefined && this.now() - this.strangersSince >= watchMs;
  }

  /** The scan after the watch has ended. @param fruitful whether readers became known; if not, the next pause is longer */
  judged(fruitful: boolean): void {
    if (this.strangersSince === undefined) return;
    this.pauseMs = fruitful ? leastPauseMs : Math.min(2 * this.pauseMs, longestPauseMs);
    this.notBefore = this.now() + this.pauseMs;
    this.strangersSince = undefined;
  }

  /** Ends the watching of readers. */
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
