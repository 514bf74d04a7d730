// What an agent does for a datapath between orders, in this process: it visits open connections and watches how programs read.
import type { Datapath } from '../../../operator/agent/datapath';
import { Visits } from '../../../operator/agent/visits';

/** Learning takes the product seconds, by its clock; until all is learnt the clock goes faster here. */
const learningFactor = 8;
const stepEveryMs = 1000;

export class Agent {
  private factor = learningFactor;
  private since = performance.now();
  private base = 0;
  private readonly visits = new Visits(() => this.base + this.factor * (performance.now() - this.since));
  private timer: NodeJS.Timeout;

  constructor(private readonly datapath: Datapath) {
    this.visits.hurry();
    this.timer = this.begin();
  }

  /** From now on as slow as a real agent, which helps no reader any sooner; or fast again. */
  learn(fast: boolean): void {
    const now = performance.now();
    this.base += this.factor * (now - this.since);
    this.since = now;
    this.factor = fast ? learningFactor : 1;
    clearInterval(this.timer);
    this.timer = this.begin();
  }

  /** The selection or the mode has changed. */
  hurry(): void {
    this.visits.hurry();
  }

  /** Whether it still watches how programs read, as it does while it learns. */
  get watching(): boolean {
    return this.visits.watching;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private begin(): NodeJS.Timeout {
    return setInterval(() => this.step(), stepEveryMs / this.factor);
  }

  private step(): void {
    this.datapath.settle();
    this.visits.step(this.datapath, this.datapath.snapshot());
  }
}

/** The same datapath where the kernel has no visits. */
export function unvisited(datapath: Datapath): Datapath {
  return Object.create(datapath, { visits: { value: false } }) as Datapath;
}
