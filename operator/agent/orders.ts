// Brings the kernel to what the controller ordered: looks at order, pods and node as they are now, and does what is missing.
import { removalTimeouts, type Mode } from '../api';
import type { Order, Problem } from '../protocol';
import type { LocalPod } from './cri/sandbox';
import type { Datapath, DatapathPod, DatapathSettings, DatapathSnapshot, JoinedConnection } from './datapath/contract';
import type { DatapathOpener } from './opener';
import { problem } from './preflight';
import { selectPods } from './selection';
import { Visits } from './visits';

export interface NodeState {
  /** Revision of the last order that is in force; 0 when there was none since the agent started. */
  readonly appliedOrder: number;
  readonly released: boolean;
  readonly problems: readonly Problem[];
  /** Mode in force; undefined while a datapath from before is kept as it is, or there is none. */
  readonly mode: Mode | undefined;
  readonly selected: readonly DatapathPod[];
  /** Namespaces that are selected but have no room in the datapath. */
  readonly refused: readonly string[];
  readonly snapshot: DatapathSnapshot | undefined;
}

interface InForce {
  readonly mode: Mode;
  readonly settings: string;
  readonly selection: string | undefined;
  readonly selected: readonly DatapathPod[];
  readonly refused: readonly string[];
}

export class Orders {
  private order: Order | undefined;
  private pods: readonly LocalPod[] | undefined;
  private runtimeProblem: string | undefined;
  private datapath: Datapath | undefined;
  private inForce: InForce | undefined;
  private appliedOrder = 0;
  private released = false;
  private removingSince: number | undefined;
  private readonly visits: Visits;

  constructor(
    private readonly opener: DatapathOpener,
    /** Milliseconds of a clock that only goes forward. */
    private readonly now: () => number,
  ) {
    this.visits = new Visits(now);
  }

  /** A new order replaces the one before. Takes effect in `step`. */
  take(order: Order): void {
    this.order = order;
    this.opener.hurry();
  }

  /** The pods of the node, whole. Takes effect in `step`. */
  see(pods: readonly LocalPod[]): void {
    this.pods = pods;
    this.opener.hurry();
  }

  /** The container runtime stopped to answer, with the reason, or answers again. */
  runtime(trouble: string | undefined): void {
    this.runtimeProblem = trouble;
  }

  /**
   * False until the runtime has said its first word, good or bad. Before that the directory of the pods may be unknown
   * for no other reason, and a report would tell the controller of a node without pods and counters.
   */
  get settled(): boolean {
    return this.pods !== undefined || this.runtimeProblem !== undefined;
  }

  get isOpen(): boolean {
    return this.datapath !== undefined;
  }

  /** Once a second: takes connections that are open a step nearer to being joined, where that is worth it. */
  visit(): void {
    const mode = this.inForce?.mode;
    if (this.datapath === undefined) return;
    this.datapath.settle();
    if (this.order?.remove !== true && (mode === 'Accelerate' || mode === 'Observe')) this.visits.step(this.datapath, this.datapath.snapshot());
    else this.visits.rest(this.datapath);
  }

  /** Does what can be done now; call it after every change, and once a second for what has to wait. */
  step(): void {
    if (!this.settled) return;
    if (this.order === undefined) this.adopt();
    else if (this.order.remove) this.remove(this.order);
    else this.enforce(this.order);
  }

  state(): NodeState {
    const snapshot = this.datapath?.snapshot();
    return {
      appliedOrder: this.appliedOrder,
      released: this.released,
      problems: this.problems(snapshot?.reached ?? []),
      mode: this.inForce?.mode,
      selected: this.inForce?.selected ?? [],
      refused: this.inForce?.refused ?? [],
      snapshot,
    };
  }

  /** What can describe single connections; undefined while there is no datapath. */
  get describer(): Pick<Datapath, 'describe' | 'describes'> | undefined {
    return this.datapath;
  }

  connections(limit: number): Iterable<JoinedConnection> {
    return this.datapath?.connections(limit) ?? [];
  }

  /** For the end of the process: the kernel goes on as it is. */
  close(): void {
    this.datapath?.close();
    this.datapath = undefined;
  }

  /** Before the first order what is pinned is taken over as it is, to be reported; nothing is put into the kernel. */
  private adopt(): void {
    if (this.datapath !== undefined) return;
    if (this.opener.pinned()) this.datapath = this.opener.open(this.pids());
    else this.opener.look(this.pids());
  }

  private enforce(order: Order): void {
    this.released = false;
    this.removingSince = undefined;
    // Without a runtime no pod is known, so there is nothing to accelerate: a node that was untouched stays so.
    if (this.datapath === undefined && (this.pods !== undefined || this.opener.pinned())) {
      this.datapath = this.opener.open(this.pids());
    }
    if (this.datapath === undefined) {
      if (order.mode !== 'Accelerate' && this.opener.pinned()) this.opener.switchOffLeftovers();
      return;
    }
    this.configure(this.datapath, settingsOf(order));
    // An empty list would deselect every pod: until the runtime has answered, the pods of before stay selected.
    if (this.pods === undefined) return;
    this.select(this.datapath, order, this.pods);
    this.appliedOrder = order.revision;
  }

  private remove(order: Order): void {
    if (!this.released && this.drained(order)) {
      this.datapath?.release();
      this.datapath = undefined;
      this.inForce = undefined;
      this.removingSince = undefined;
      this.released = true;
      this.opener.rest();
    }
    if (this.released) this.appliedOrder = order.revision;
  }

  /** True when nothing of ours is left in the kernel, or what is left may be taken away. */
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

  /** What cannot be opened cannot be looked into either: it is switched off, given its time, and let go. */
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
    if (this.inForce?.settings === key) return;
    datapath.configure(settings);
    this.visits.hurry();
    this.inForce = { selection: undefined, selected: [], refused: [], ...this.inForce, mode: settings.mode, settings: key };
  }

  private select(datapath: Datapath, order: Order, pods: readonly LocalPod[]): void {
    const selection = selectPods(order, pods);
    const key = JSON.stringify(selection);
    if (this.inForce === undefined || this.inForce.selection === key) return;
    const refused = datapath.select(selection.pods, selection.neighbours, selection.ownKernels);
    this.visits.hurry();
    this.inForce = { ...this.inForce, selection: key, selected: selection.pods, refused };
  }

  private problems(reached: readonly string[]): Problem[] {
    if (this.released) return [];
    const refused = this.inForce?.refused ?? [];
    return [
      ...this.opener.problems,
      ...(this.runtimeProblem === undefined ? [] : [problem('NoCriSocket', this.runtimeProblem)]),
      ...(this.datapath?.watching === 'Never' ? [problem('UnwatchedReaders', 'neither kernel functions nor system calls can be watched')] : []),
      ...(refused.length === 0 ? [] : [problem('NamespaceLimit', `no room for ${refused.length} namespaces, such as ${refused[0]}`)]),
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
