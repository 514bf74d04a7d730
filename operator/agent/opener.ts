// Opens the datapath once the node can carry it, and looks again now and then while it cannot.
import { Backoff, errorMessage } from '../base';
import type { Problem } from '../protocol';
import { type Datapath, DatapathRefused, type Leftovers, type OpenOptions } from './datapath/contract';
import type { Host } from './host';
import { asLine, preflight, problem } from './preflight';

export interface OpenerOptions {
  readonly host: Host;
  readonly pins: string;
  readonly object: string;
  readonly open: (options: OpenOptions) => Datapath;
  readonly leftovers: Leftovers;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly backoff?: Backoff;
}

export class DatapathOpener {
  /** Why the last try did not end in an open datapath. */
  problems: readonly Problem[] = [];
  private notBefore = 0;
  private readonly backoff: Backoff;

  constructor(private readonly options: OpenerOptions) {
    this.backoff = options.backoff ?? new Backoff({ firstMs: 4000, maxMs: 60_000, minMs: 2000 });
  }

  /** True when an agent before this one has left something in the kernel. */
  pinned(): boolean {
    return this.options.host.list(this.options.pins).length > 0;
  }

  /** Something about the node has changed: the next try need not wait. */
  hurry(): void {
    this.notBefore = 0;
  }

  /** Nothing is wanted of this node any more. */
  rest(): void {
    this.problems = [];
    this.backoff.reset();
    this.notBefore = 0;
  }

  /** Only looks whether the datapath could be opened. */
  look(pids: readonly number[]): void {
    if (this.due()) this.examine(pids);
  }

  /** Undefined when it is not time for another try, or when there are problems. */
  open(pids: readonly number[]): Datapath | undefined {
    if (!this.due()) return undefined;
    const podCgroup = this.examine(pids);
    if (podCgroup === undefined) return undefined;
    const { pins, object, open } = this.options;
    try {
      const datapath = open({ pins, object, podCgroup });
      this.rest();
      return datapath;
    } catch (error) {
      this.problems = [refusal(error)];
      return undefined;
    }
  }

  /** For an order to stop on a node whose datapath cannot be opened: the kill switch must not depend on that. */
  switchOffLeftovers(): void {
    this.handle((leftovers) => leftovers.switchOff(this.options.pins));
  }

  /** False when even that was not possible; the problem says why. */
  releaseLeftovers(): boolean {
    return this.handle((leftovers) => leftovers.release(this.options.pins));
  }

  private handle(act: (leftovers: Leftovers) => void): boolean {
    try {
      act(this.options.leftovers);
      return true;
    } catch (error) {
      this.problems = [problem('StalePins', errorMessage(error))];
      return false;
    }
  }

  private examine(pids: readonly number[]): string | undefined {
    this.notBefore = this.options.now() + this.backoff.next();
    const result = preflight(this.options.host, { pins: this.options.pins, pids });
    this.problems = 'problems' in result ? result.problems : [];
    return 'problems' in result ? undefined : result.podCgroup;
  }

  private due(): boolean {
    return this.options.now() >= this.notBefore;
  }
}

/** Whatever goes wrong in opening is a fact about the node or the image: to be reported, not to be died of. */
function refusal(error: unknown): Problem {
  if (error instanceof DatapathRefused) return { reason: error.reason, message: asLine(error.message) };
  return problem('LoadRefused', errorMessage(error));
}
