// Opens the datapath when the node meets its requirements, and tries again with a back-off while it does not.
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
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly backoff?: Backoff;
}

export class DatapathOpener {
  /** Why the last try did not open the datapath; empty after a success. */
  problems: readonly Problem[] = [];
  private notBefore = 0;
  private readonly backoff: Backoff;

  constructor(private readonly options: OpenerOptions) {
    this.backoff = options.backoff ?? new Backoff({ firstMs: 4000, maxMs: 60_000, minMs: 2000 });
  }

  /** True when the pin directory is not empty: an earlier agent has left a datapath. */
  pinned(): boolean {
    return this.options.host.list(this.options.pins).length > 0;
  }

  /** Lets the next try follow at once, because something has changed. */
  hurry(): void {
    this.notBefore = 0;
  }

  /** Forgets problems and back-off, after a success or when no datapath is needed. */
  rest(): void {
    this.problems = [];
    this.backoff.reset();
    this.notBefore = 0;
  }

  /** Checks the requirements without opening the datapath. @param pids processes of pods, to find the pods' cgroup */
  check(pids: readonly number[]): void {
    if (this.due()) this.examine(pids);
  }

  /** Opens the datapath; undefined while the back-off lasts, and when there are problems. @param pids processes of pods */
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

  /** Switches off a pinned datapath that cannot be opened, because mode Off must work in that case too. */
  switchOffLeftovers(): void {
    this.handle((leftovers) => leftovers.switchOff(this.options.pins));
  }

  /** Removes a pinned datapath that cannot be opened. @returns false when that failed; `problems` says why */
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

/** An error of opening as a problem of the node. Its cause is the node or the image, so it is reported and does not end the process. */
function refusal(error: unknown): Problem {
  if (error instanceof DatapathRefused) return { reason: error.reason, message: asLine(error.message) };
  return problem('LoadRefused', errorMessage(error));
}
