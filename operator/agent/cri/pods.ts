// Keeps the list of this node's pods. Events of the runtime update it at once, a list from time to time corrects it, and the pods' processes
// show when a pod has ended.
import { errorMessage } from '../../base';
import type { Cri } from './client';
import type { NetnsOf } from './netns';
import { type ContainerEvent, type LocalPod, readSandbox, type Version } from './sandbox';

export interface PodWatchOptions {
  readonly cri: Cri;
  readonly netnsOf: NetnsOf;
  /** Called with the whole list, at first and after every change. */
  readonly onPods: (pods: readonly LocalPod[]) => void;
  /** Called when the runtime begins to answer (undefined), and when it stops to, with the reason in one line. */
  readonly onReachable: (problem: string | undefined) => void;
  /** Called with a fault of one sandbox or of the event stream, for the log. */
  readonly onOddity: (what: string) => void;
  /** Milliseconds between two lists while events are received, and while they are not. */
  readonly intervals?: { readonly withEvents: number; readonly withoutEvents: number };
}

const defaultIntervals = { withEvents: 10_000, withoutEvents: 1000 };
/** Milliseconds for which further events are awaited, so that a burst of events causes one list. */
const settleMs = 50;

export class PodWatch {
  private readonly known = new Map<string, LocalPod>();
  /** Sandboxes that will never be pods of their own network namespace; their status is not requested again. */
  private readonly ignored = new Set<string>();
  /** Sandboxes whose status could not be read, each reported once: the errors of an agent count in a rollout, and one pod must not make many. */
  private readonly unreadable = new Set<string>();
  private readonly hostNetns: number | undefined;
  private readonly intervals: NonNullable<PodWatchOptions['intervals']>;
  private stopEvents: (() => void) | undefined;
  private useEvents: boolean | undefined;
  /** Time before which no event stream is opened, so that a stream that ends at once is not opened in a loop. */
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

  /** Runs until `stop`. Rejects only because of a defect. */
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
   * Removes pods whose sandbox process has ended or has another network namespace. It does not wait for the runtime, because the kernel may
   * give the inode number of a deleted namespace to another pod at any time.
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
      this.tellReachable(errorMessage(error));
      return;
    }
    this.tellReachable(undefined);
  }

  /** Subscribes to events before the list is read, so that no change is missed between the two. */
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
        this.options.onOddity(`the event stream of the container runtime ended: ${reason}`);
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
    for (const id of this.unreadable) if (!ready.has(id)) this.unreadable.delete(id);
    for (const id of ready) {
      if (!this.known.has(id) && !this.ignored.has(id)) await this.learn(id);
    }
    this.prune();
    this.emit();
  }

  /** Reads the status of a new sandbox. A failure is reported once and does not affect other sandboxes. */
  private async learn(id: string): Promise<void> {
    try {
      const answer = await this.options.cri.sandboxStatus(id);
      const reading = answer === undefined ? 'notYet' : readSandbox(answer, this.options.netnsOf, this.hostNetns);
      if (reading === 'never') this.ignored.add(id);
      else if (reading !== 'notYet') this.known.set(id, reading.pod);
    } catch (error) {
      if (this.unreadable.has(id)) return;
      this.unreadable.add(id);
      this.options.onOddity(`read the status of sandbox ${id}: ${errorMessage(error)}`);
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

  /** Sleeps until the interval is over or an event comes, and after an event a moment longer for further ones. */
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
 * True when the runtime sends each event to all subscribers. containerd before version 2 sends it to one of them only (containerd issue 7318),
 * and CRI-O sends events only with an option (issue 6466), so subscribing there would take events from the kubelet. Those runtimes are listed
 * every second.
 */
function broadcastsEvents({ runtimeName, runtimeVersion }: Version): boolean {
  return runtimeName === 'containerd' && Number.parseInt(runtimeVersion.replace(/^v/, ''), 10) >= 2;
}
