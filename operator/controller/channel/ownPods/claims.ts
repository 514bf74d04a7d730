// What one agent claims and what of it is believed: its node's pods are looked up when it claims others than those known.
import { messageOf } from '../../../kube';
import type { Report, Watched } from '../../../protocol';
import { overwrite } from './overwrite';
import { type Judged, judge, ownRows, type PodsByNamespace } from './judge';

/** Between two looks at a node that goes on to claim what is not there; doubles up to the second. Milliseconds. */
const pauseMs = { least: 1000, most: 60_000 };
/** A pod that comes is asked for in its own namespace: an answer of a few names. Of more namespaces, all are asked for at once. */
const fewNamespaces = 2;
/** Pods that have gone are believed in no longer than this. */
const staleMs = 600_000;
/** A pod that was deleted by force is still there for its runtime: its node is not held to lie before this. */
const graceMs = 60_000;
/** About one node something is said at most this often. */
const sayEveryMs = 600_000;

const notLookedUp = 'the pods of this node have not been looked up yet; try again';

export interface ClaimsParts {
  readonly node: string;
  /** Asks the API server for the pods of the node, in these namespaces or in all. */
  readonly look: (namespaces: readonly string[] | undefined) => Promise<PodsByNamespace>;
  /** Namespaces that count; undefined for all. */
  readonly selected: () => ReadonlySet<string> | undefined;
  /** Something else is believed now. */
  readonly onJudged: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: (level: 'warn', message: string) => void;
}

export class Claims {
  private claimed: Report | undefined;
  private judged: Judged | undefined;
  private pods: PodsByNamespace | undefined;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private looking = false;
  private pause = pauseMs.least;
  private notBefore = Number.NEGATIVE_INFINITY;
  private wrongSince: number | undefined;
  private saidAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  /** The last look was not answered. */
  private failed = false;

  constructor(private readonly parts: ClaimsParts) {}

  /** What is believed of the last report; undefined before the first. Its objects live on in the next. */
  get report(): Report | undefined {
    return this.judged?.report;
  }

  /** False while nobody has looked at the pods that the report is about. */
  get checked(): boolean {
    return this.pods !== undefined || this.judged === undefined || this.judged.report === this.claimed;
  }

  /** What the node claims and cannot have, in words; only for what no delay explains. */
  get lie(): string | undefined {
    if (this.judged?.impossible !== undefined) return this.judged.impossible;
    return this.wrongSince !== undefined && this.parts.now() - this.wrongSince >= graceMs ? this.judged?.unbacked?.words : undefined;
  }

  take(report: Report): void {
    this.claimed = overwrite(this.claimed, report);
    this.judge();
    if (this.judged?.unbacked !== undefined || this.isStale(report)) this.look();
    this.say(this.lie);
  }

  /** The rows that are about the node's own pods; a problem instead while nobody has looked at those. */
  rowsOf(watched: Watched): Watched {
    const own = ownRows(watched, this.pods);
    if (rowsIn(own) === rowsIn(watched)) return own;
    this.look();
    return this.pods === undefined && own.problem === '' ? { ...own, problem: notLookedUp } : own;
  }

  /** The node is forgotten: nobody looks at it any more. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private judge(): void {
    if (this.claimed === undefined) return;
    this.judged = judge(this.claimed, this.pods, this.parts.selected());
    if (this.judged.unbacked === undefined) this.wrongSince = undefined;
    else if (this.pods !== undefined) this.wrongSince ??= this.parts.now();
  }

  private isStale({ namespaces }: Report): boolean {
    return namespaces.length > 0 && this.parts.now() - this.lookedAt > staleMs;
  }

  private look(): void {
    const { now, node, log } = this.parts;
    if (this.looking || this.closed) return;
    if (now() < this.notBefore) return this.lookLater(this.notBefore - now());
    this.looking = true;
    const began = now();
    const namespaces = this.fewToLookAt();
    this.parts.look(namespaces).then(
      (found) => {
        const known = this.pods ?? new Map<string, readonly string[]>();
        const gone = (namespaces ?? [...known.keys()]).filter((name) => known.has(name) && !found.has(name));
        const selected = this.parts.selected();
        // A namespace without pods is kept for what was counted of it, as long as it is selected.
        const all = [...known, ...found, ...gone.map((name): [string, string[]] => [name, []])];
        this.pods = new Map(all.filter(([name]) => selected?.has(name) !== false));
        if (namespaces === undefined) this.lookedAt = began;
        this.failed = false;
      },
      (error: unknown) => {
        if (!this.failed) log('warn', `looking at the pods of node ${node}: ${messageOf(error)}; what its agent reports of others than those known is not counted until that works`);
        this.failed = true;
      },
    ).finally(() => {
      this.looking = false;
      this.judge();
      this.pause = this.judged?.unbacked === undefined ? pauseMs.least : Math.min(this.pause * 2, pauseMs.most);
      this.notBefore = now() + this.pause;
      this.parts.onJudged();
      // Another claim may have come meanwhile.
      if (this.judged?.unbacked !== undefined) this.look();
    });
  }

  private lookLater(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.look();
    }, ms).unref();
  }

  private fewToLookAt(): readonly string[] | undefined {
    const namespaces = this.judged?.unbacked?.namespaces ?? [];
    const isRecent = this.pods !== undefined && this.parts.now() - this.lookedAt <= staleMs;
    return isRecent && namespaces.length > 0 && namespaces.length <= fewNamespaces ? namespaces : undefined;
  }

  private say(lie: string | undefined): void {
    const { now, node, log } = this.parts;
    if (lie === undefined || now() - this.saidAt < sayEveryMs) return;
    this.saidAt = now();
    log('warn', `the agent of node ${node} reports ${lie}: not counted; if that goes on, look at the node, for somebody else may speak there`);
  }
}

function rowsIn({ pods, connections, events }: Watched): number {
  return pods.length + connections.length + events.length;
}
