// The node's reconciler: compares the controller's order, the pods and the node with what is applied in the kernel, and applies the rest.
import { removalTimeouts, type Mode } from '../api';
import type { Order, Problem } from '../protocol';
import type { LocalPod } from './cri/sandbox';
import type { Datapath, DatapathPod, DatapathSettings, DatapathSnapshot, JoinedConnection } from './datapath/contract';
import type { DatapathOpener } from './opener';
import { problem } from './preflight';
import { selectPods } from './selection';
import { ScanSchedule } from './scanSchedule';

export interface NodeState {
  /** Revision of the last order that is applied; 0 when none was applied since the agent started. */
  readonly appliedOrder: number;
  /** True after an order to remove was carried out: nothing is attached or pinned. */
  readonly released: boolean;
  readonly problems: readonly Problem[];
  /** Mode of the applied order; undefined without a datapath, and while one that an earlier agent pinned is kept unchanged. */
  readonly mode: Mode | undefined;
  /** Pods that are selected in the kernel. */
  readonly selected: readonly DatapathPod[];
  /** Selected namespaces for which the datapath has no room. */
  readonly refused: readonly string[];
  /** Counters of the datapath; undefined without one. */
  readonly snapshot: DatapathSnapshot | undefined;
}

/** What was written to the kernel last. */
interface Applied {
  readonly mode: Mode;
  /** DatapathSettings as JSON. */
  readonly settings: string;
  /** Selection as JSON; undefined when none was written yet. */
  readonly selection: string | undefined;
  readonly selected: readonly DatapathPod[];
  readonly refused: readonly string[];
}

/** Holds the desired state (order, pods) and the datapath of one node. */
export class NodeReconciler {
  private order: Order | undefined;
  private pods: readonly LocalPod[] | undefined;
  private runtimeProblem: string | undefined;
  private datapath: Datapath | undefined;
  private applied: Applied | undefined;
  private appliedOrder = 0;
  private released = false;
  private removingSince: number | undefined;
  private readonly scans: ScanSchedule;

  constructor(
    private readonly opener: DatapathOpener,
    /** A monotonic clock in milliseconds. */
    private readonly now: () => number,
  ) {
    this.scans = new ScanSchedule(now);
  }

  /** Replaces the order. It takes effect in `reconcile`. */
  setOrder(order: Order): void {
    this.order = order;
    this.opener.hurry();
  }

  /** Replaces the list of the node's pods. It takes effect in `reconcile`. */
  setPods(pods: readonly LocalPod[]): void {
    this.pods = pods;
    this.opener.hurry();
  }

  /** Why the container runtime does not answer; undefined when it answers. */
  setRuntimeProblem(problem: string | undefined): void {
    this.runtimeProblem = problem;
  }

  /**
   * False until the runtime has answered, or failed to answer, for the first time. Before that the pods' cgroup may be unknown only because no
   * pod is known, and a report would show a node without pods and counters.
   */
  get settled(): boolean {
    return this.pods !== undefined || this.runtimeProblem !== undefined;
  }

  get isOpen(): boolean {
    return this.datapath !== undefined;
  }

  /** To be called once a second: scans open connections, so that those that are worth it get joined. */
  scan(): void {
    const mode = this.applied?.mode;
    if (this.datapath === undefined) return;
    this.datapath.reclaim();
    if (this.order?.remove !== true && (mode === 'Accelerate' || mode === 'Observe')) this.scans.step(this.datapath, this.datapath.snapshot());
    else this.scans.rest(this.datapath);
  }

  /** Applies what can be applied now. To be called after every change, and once a second for what must wait. */
  reconcile(): void {
    if (!this.settled) return;
    if (this.order === undefined) this.takeOver();
    else if (this.order.remove) this.remove(this.order);
    else this.enforce(this.order);
  }

  state(): NodeState {
    const snapshot = this.datapath?.snapshot();
    return {
      appliedOrder: this.appliedOrder,
      released: this.released,
      problems: this.problems(snapshot?.reached ?? []),
      mode: this.applied?.mode,
      selected: this.applied?.selected ?? [],
      refused: this.applied?.refused ?? [],
      snapshot,
    };
  }

  /** Describes single connections; undefined while there is no datapath. */
  get describer(): Pick<Datapath, 'describe' | 'describes'> | undefined {
    return this.datapath;
  }

  /** Joined connections, `limit` at most. */
  connections(limit: number): Iterable<JoinedConnection> {
    return this.datapath?.connections(limit) ?? [];
  }

  /** Closes the file descriptors at the end of the process; programs and maps in the kernel go on. */
  close(): void {
    this.datapath?.close();
    this.datapath = undefined;
  }

  /** Before the first order: opens what an earlier agent pinned, to report its counters, and changes nothing in the kernel. */
  private takeOver(): void {
    if (this.datapath !== undefined) return;
    if (this.opener.pinned()) this.datapath = this.opener.open(this.pids());
    else this.opener.check(this.pids());
  }

  private enforce(order: Order): void {
    this.released = false;
    this.removingSince = undefined;
    // Without a runtime no pod is known, so there is nothing to accelerate, and a datapath is opened only if one is pinned already.
    if (this.datapath === undefined && (this.pods !== undefined || this.opener.pinned())) {
      this.datapath = this.opener.open(this.pids());
    }
    if (this.datapath === undefined) {
      if (order.mode !== 'Accelerate' && this.opener.pinned()) this.opener.switchOffLeftovers();
      return;
    }
    this.configure(this.datapath, settingsOf(order));
    // An empty list would deselect every pod. Until the runtime has answered, the pods that are selected in the kernel stay selected.
    if (this.pods === undefined) return;
    this.select(this.datapath, order, this.pods);
    this.appliedOrder = order.revision;
  }

  private remove(order: Order): void {
    if (!this.released && this.drained(order)) {
      this.datapath?.release();
      this.datapath = undefined;
      this.applied = undefined;
      this.removingSince = undefined;
      this.released = true;
      this.opener.rest();
    }
    if (this.released) this.appliedOrder = order.revision;
  }

  /** True when nothing is attached or pinned, or when it may be removed now. */
  private drained(order: Order): boolean {
    if (this.datapath === undefined) {
      if (!this.opener.pinned()) return true;
      this.datapath = this.opener.open(this.pids());
      if (this.datapath === undefined) return this.drainedLeftovers();
    }
    this.configure(this.datapath, { ...settingsOf(order), mode: 'Off' });
    const { drainingSockets, leavingSockets = 0 } = this.datapath.snapshot();
    if (leavingSockets > 0) return this.removingFor() >= removalTimeouts.leavingMs;
    return drainingSockets === 0 || this.removingFor() >= removalTimeouts.unreadMs;
  }

  /** A pinned datapath that cannot be opened cannot be read either: it is switched off, and released after the time for unread bytes. */
  private drainedLeftovers(): boolean {
    this.opener.switchOffLeftovers();
    return this.removingFor() >= removalTimeouts.unreadMs && this.opener.releaseLeftovers();
  }

  /** Milliseconds since the datapath was switched off to be removed. */
  private removingFor(): number {
    this.removingSince ??= this.now();
    return this.now() - this.removingSince;
  }

  private configure(datapath: Datapath, settings: DatapathSettings): void {
    const key = JSON.stringify(settings);
    if (this.applied?.settings === key) return;
    datapath.configure(settings);
    this.scans.hurry();
    this.applied = { selection: undefined, selected: [], refused: [], ...this.applied, mode: settings.mode, settings: key };
  }

  private select(datapath: Datapath, order: Order, pods: readonly LocalPod[]): void {
    const selection = selectPods(order, pods);
    const key = JSON.stringify(selection);
    if (this.applied === undefined || this.applied.selection === key) return;
    const refused = datapath.select(selection.pods, selection.neighbours, selection.ownKernels);
    this.scans.hurry();
    this.applied = { ...this.applied, selection: key, selected: selection.pods, refused };
  }

  private problems(reached: readonly string[]): Problem[] {
    if (this.released) return [];
    const refused = this.applied?.refused ?? [];
    return [
      ...this.opener.problems,
      ...(this.runtimeProblem === undefined ? [] : [problem('NoCriSocket', this.runtimeProblem)]),
      ...(this.datapath?.watching === 'Never' ? [problem('UnwatchedReaders', 'the kernel can watch neither kernel functions nor system calls')] : []),
      ...(refused.length === 0
        ? []
        : [problem('NamespaceLimit', `no counters are left for ${refused.length} selected namespaces, such as ${refused[0]}`)]),
      ...(reached.length === 0 ? [] : [problem('ConnectionLimit', `${reached[0]}${reached.length > 1 ? `, and ${reached.length - 1} more` : ''}`)]),
    ];
  }

  private pids(): number[] {
    return (this.pods ?? []).map(({ pid }) => pid);
  }
}

function settingsOf({ mode, paths, maxConnections, spillBytes }: Order): DatapathSettings {
  return { mode, paths, maxConnections, spillBytes, learn: true };
}
