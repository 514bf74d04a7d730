// When the agent watches how programs read, on kernels where that slows every system call of the node: only while a connection may join or a long
// message must be proven.
import type { Datapath, DatapathSnapshot } from './datapath/contract';

/** How long the agent watches before the programs that have read meanwhile count as known readers. */
const watchMs = 2000;
/**
 * A message that is longer than its reader was seen to read may be the first for which the program asks FIONREAD. Such messages can go on for hours,
 * so they start the watch only once in this time.
 */
const unprovenEveryMs = 60_000;
/**
 * After a watch in which unknown readers have read nothing, the next watch waits for this long, and twice as long each time: a connection that only
 * sends heartbeats is not worth more.
 */
const leastPauseMs = 5000;
const longestPauseMs = 300_000;

export class OnDemandWatch {
  /** The datapath that the agent has told to watch readers. A datapath that replaces it begins without watching. */
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
    // Where the kernel cannot scan, connections are joined when they open. They show how they are read while their first messages go over TCP.
    if (!datapath.canScan && warmedUp > this.warmedUp) this.start(datapath);
    if (unproven > this.unproven && this.now() >= this.nextUnproven) {
      this.nextUnproven = this.now() + unprovenEveryMs;
      this.start(datapath);
    }
    this.unproven = unproven;
    this.warmedUp = warmedUp;
    if (this.watching !== undefined && this.now() >= this.until && this.strangersSince === undefined) this.stop(datapath);
  }

  /** Called after a scan that found connections with `strangers` unknown readers: begins to watch what these read from now on. True when it does. */
  found(datapath: Datapath, strangers: number): boolean {
    if (datapath.watching !== 'OnDemand' || strangers === 0) return false;
    // During the pause only a scan that finds more unknown readers than before starts a watch: then at least one of them is new.
    if (this.now() < this.notBefore && strangers <= this.strangers) return false;
    this.strangers = strangers;
    this.start(datapath);
    this.strangersSince = this.now();
    return true;
  }

  get isOn(): boolean {
    return this.watching !== undefined;
  }

  /** True while the next scan has to wait, because unknown readers have not been watched for long enough. */
  get waits(): boolean {
    return this.strangersSince !== undefined && !this.hasSeen;
  }

  /** True when unknown readers have been watched for long enough since the scan that found them. */
  get hasSeen(): boolean {
    return this.strangersSince !== undefined && this.now() - this.strangersSince >= watchMs;
  }

  /** Called after the scan that follows the watch. Unknown readers that have read are known now. The others are not worth watching for a while. */
  judged(fruitful: boolean): void {
    if (this.strangersSince === undefined) return;
    this.pauseMs = fruitful ? leastPauseMs : Math.min(2 * this.pauseMs, longestPauseMs);
    this.notBefore = this.now() + this.pauseMs;
    this.strangersSince = undefined;
  }

  /** Stops watching, because no connection is joined any more. */
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
