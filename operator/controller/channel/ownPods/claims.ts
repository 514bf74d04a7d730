// Checks the reports of one agent against the pods of its node at the API server, so that a node can report about its own pods only. The pods
// are listed when a report has pods that are not known.
import { errorLine } from '../../../base';
import type { Report, Watched } from '../../../protocol';
import { overwrite } from './overwrite';
import { type Judged, judge, ownRows, type PodsByNamespace } from './judge';

/** Milliseconds between two lists while reports go on to have unknown pods; the time doubles from the least to the most. */
const pauseMs = { least: 1000, most: 60_000 };
/** Most namespaces that are listed one by one, which is a short answer for a new pod. For more, the pods of all namespaces are listed. */
const fewNamespaces = 2;
/** Milliseconds after which the pods are listed again, so that deleted pods do not count any longer. */
const staleMs = 600_000;
/** Milliseconds before unknown pods make a report implausible: after a forced deletion the runtime still has the pod. */
const graceMs = 60_000;
/** Shortest time between two log lines about a node, in milliseconds. */
const sayEveryMs = 600_000;

const notLookedUp = 'the controller has not listed the pods of this node yet; try again';

export interface ClaimsParts {
  readonly node: string;
  /** Lists the pods of the node at the API server, in the given namespaces or in all. */
  readonly look: (namespaces: readonly string[] | undefined) => Promise<PodsByNamespace>;
  /** Selected namespaces; undefined while none were ordered, in which case all count. */
  readonly selected: () => ReadonlySet<string> | undefined;
  /** The checked report has changed. */
  readonly onJudged: () => void;
  /** A monotonic clock in milliseconds. */
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
  /** True when the last list failed. */
  private failed = false;

  constructor(private readonly parts: ClaimsParts) {}

  /** The checked part of the last report; undefined before the first report. The next report overwrites its objects. */
  get report(): Report | undefined {
    return this.judged?.report;
  }

  /** False while the pods of the report were not listed. */
  get checked(): boolean {
    return this.pods !== undefined || this.judged === undefined || this.judged.report === this.claimed;
  }

  /** The implausible part of the report as text; undefined while a delay can explain it. */
  get implausible(): string | undefined {
    if (this.judged?.impossible !== undefined) return this.judged.impossible;
    return this.wrongSince !== undefined && this.parts.now() - this.wrongSince >= graceMs ? this.judged?.unbacked?.words : undefined;
  }

  take(report: Report): void {
    this.claimed = overwrite(this.claimed, report);
    this.judge();
    if (this.judged?.unbacked !== undefined || this.isStale(report)) this.look();
    this.say(this.implausible);
  }

  /** The rows of an answer about the node's own pods; without rows and with a problem while the pods were not listed. */
  rowsOf(watched: Watched): Watched {
    const own = ownRows(watched, this.pods);
    if (rowsIn(own) === rowsIn(watched)) return own;
    this.look();
    return this.pods === undefined && own.problem === '' ? { ...own, problem: notLookedUp } : own;
  }

  /** Ends all checks of the node. */
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
    this.parts
      .look(namespaces)
      .then(
        (found) => {
          const known = this.pods ?? new Map<string, readonly string[]>();
          const gone = (namespaces ?? [...known.keys()]).filter((name) => known.has(name) && !found.has(name));
          const selected = this.parts.selected();
          // A selected namespace stays in the map without pods, so that its counters go on to count.
          const all = [...known, ...found, ...gone.map((name): [string, string[]] => [name, []])];
          this.pods = new Map(all.filter(([name]) => selected?.has(name) !== false));
          if (namespaces === undefined) this.lookedAt = began;
          this.failed = false;
        },
        (error: unknown) => {
          if (!this.failed)
            log(
              'warn',
              `list the pods of node ${node}: ${errorLine(error)}; until that succeeds, reports about other pods than the known ones do not count`,
            );
          this.failed = true;
        },
      )
      .finally(() => {
        this.looking = false;
        this.judge();
        this.pause = this.judged?.unbacked === undefined ? pauseMs.least : Math.min(this.pause * 2, pauseMs.most);
        this.notBefore = now() + this.pause;
        this.parts.onJudged();
        // Another report may have come in between.
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

  private say(implausible: string | undefined): void {
    const { now, node, log } = this.parts;
    if (implausible === undefined || now() - this.saidAt < sayEveryMs) return;
    this.saidAt = now();
    log('warn', `the agent of node ${node} reports ${implausible}, which is not counted; if that goes on, another program may use the agent's token`);
  }
}

function rowsIn({ pods, connections, events }: Watched): number {
  return pods.length + connections.length + events.length;
}
