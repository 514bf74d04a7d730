// Keeps the list of this node's pods: events for speed, a full list for certainty, and the processes themselves for truth.
import type { Cri } from './client';
import type { NetnsOf } from './netns';
import { type ContainerEvent, type LocalPod, readSandbox, type Version } from './sandbox';

export interface PodWatchOptions {
  readonly cri: Cri;
  readonly netnsOf: NetnsOf;
  /** Called with the whole list, at first and whenever it changed. */
  readonly onPods: (pods: readonly LocalPod[]) => void;
  /** Told when the runtime begins to answer (undefined) or stops to, with the reason in one line. */
  readonly onReachable: (problem: string | undefined) => void;
  /** What was odd about one sandbox or the event stream; for the log. */
  readonly onOddity: (what: string) => void;
  /** Milliseconds between full lists while events come in, and while there are none. */
  readonly intervals?: { readonly withEvents: number; readonly withoutEvents: number };
}

const defaultIntervals = { withEvents: 10_000, withoutEvents: 1000 };
/** A burst of events is answered by one list. */
const settleMs = 50;

export class PodWatch {
  private readonly known = new Map<string, LocalPod>();
  /** Sandboxes on the node's own network, which are never asked about again. */
  private readonly ignored = new Set<string>();
  private readonly hostNetns: number | undefined;
  private readonly intervals: NonNullable<PodWatchOptions['intervals']>;
  private stopEvents: (() => void) | undefined;
  private useEvents: boolean | undefined;
  /** A stream that ends at once must not be opened again at once. */
  private listenNotBefore = 0;
  private emitted: string | undefined;
  private reachable: boolean | undefined;
  private wake: (() => void) | undefined;
  private kicked = false;
  private stopped = false;

  constructor(private readonly options: PodWatchOptions) {
    this.hostNetns = options.netnsOf(1);
    this.intervals = options.intervals ?? defaultIntervals;
  }

  /** Runs until `stop`; never rejects but for defects. */
  async run(): Promise<void> {
    while (!this.stopped) {
      await this.pass();
      await this.sleep(this.stopEvents === undefined ? this.intervals.withoutEvents : this.intervals.withEvents);
    }
  }

  stop(): void {
    this.stopped = true;
    this.stopEvents?.();
    this.wake?.();
  }

  /**
   * Drops pods whose sandbox process is gone or has another network namespace, without asking the runtime:
   * the number of a namespace that is gone may be given to another pod at any time.
   */
  prune(): void {
    const before = this.known.size;
    for (const [id, pod] of this.known) {
      if (this.options.netnsOf(pod.pid) !== pod.netns) this.known.delete(id);
    }
    if (this.known.size !== before) this.emit();
  }

  private async pass(): Promise<void> {
    try {
      await this.listen();
      await this.sync();
    } catch (error) {
      this.stopEvents?.();
      this.stopEvents = undefined;
      this.useEvents = undefined;
      this.prune();
      this.tellReachable(error instanceof Error ? error.message : String(error));
      return;
    }
    this.tellReachable(undefined);
  }

  /** Subscribes before the list is read, so that nothing falls between the two. */
  private async listen(): Promise<void> {
    this.useEvents ??= broadcastsEvents(await this.options.cri.version());
    if (!this.useEvents || this.stopEvents !== undefined || this.stopped || performance.now() < this.listenNotBefore) return;
    this.stopEvents = this.options.cri.events({
      onEvent: (event) => this.onEvent(event),
      onEnd: (unsupported, reason) => {
        this.stopEvents = undefined;
        if (unsupported) this.useEvents = false;
        this.listenNotBefore = performance.now() + this.intervals.withoutEvents;
        this.hurry();
        this.options.onOddity(`events of the runtime ended: ${reason}`);
      },
    });
  }

  private onEvent({ containerId, containerEventType }: ContainerEvent): void {
    const gone = containerEventType === 'CONTAINER_STOPPED_EVENT' || containerEventType === 'CONTAINER_DELETED_EVENT';
    if (gone && this.known.delete(containerId)) this.emit();
    this.hurry();
  }

  private hurry(): void {
    this.kicked = true;
    this.wake?.();
  }

  private async sync(): Promise<void> {
    const ready = new Set(await this.options.cri.readySandboxes());
    for (const id of this.known.keys()) if (!ready.has(id)) this.known.delete(id);
    for (const id of this.ignored) if (!ready.has(id)) this.ignored.delete(id);
    for (const id of ready) {
      if (!this.known.has(id) && !this.ignored.has(id)) await this.learn(id);
    }
    this.prune();
    this.emit();
  }

  /** One sandbox that cannot be read must not hide the others. */
  private async learn(id: string): Promise<void> {
    try {
      const answer = await this.options.cri.sandboxStatus(id);
      const reading = answer === undefined ? 'notYet' : readSandbox(answer, this.options.netnsOf, this.hostNetns);
      if (reading === 'never') this.ignored.add(id);
      else if (reading !== 'notYet') this.known.set(id, reading.pod);
    } catch (error) {
      this.options.onOddity(`reading sandbox ${id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private emit(): void {
    const pods = [...this.known.values()].sort((a, b) => (a.sandbox < b.sandbox ? -1 : 1));
    const key = pods.map(({ sandbox }) => sandbox).join();
    if (key === this.emitted || this.stopped) return;
    this.emitted = key;
    this.options.onPods(pods);
  }

  private tellReachable(problem: string | undefined): void {
    const reachable = problem === undefined;
    if (this.reachable === reachable || this.stopped) return;
    this.reachable = reachable;
    this.options.onReachable(problem);
  }

  /** Sleeps until the interval is over or an event came, and in the latter case a moment more for its companions. */
  private async sleep(ms: number): Promise<void> {
    if (!this.kicked && !this.stopped) await this.pause(ms);
    if (this.kicked && !this.stopped) await this.pause(settleMs, false);
    this.kicked = false;
  }

  private pause(ms: number, wakeable = true): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = (): void => {
        if (!wakeable && !this.stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/**
 * Before version 2 containerd gives each event to one of its listeners only (containerd issue 7318), CRI-O only with an
 * option (issue 6466): listening there would take events away from the kubelet. Those runtimes are asked every second.
 */
function broadcastsEvents({ runtimeName, runtimeVersion }: Version): boolean {
  return runtimeName === 'containerd' && Number.parseInt(runtimeVersion.replace(/^v/, ''), 10) >= 2;
}
