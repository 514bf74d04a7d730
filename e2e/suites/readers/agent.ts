// Does for a datapath what an agent does between orders, in this process: scans open connections and watches how programs read.
import type { Datapath } from '../../../operator/agent/datapath';
import { ScanSchedule } from '../../../operator/agent/scanSchedule';

/** While the agent learns connections, which takes it seconds of its clock, that clock runs this many times faster. */
const learningFactor = 8;
const stepEveryMs = 1000;

export class Agent {
  private factor = learningFactor;
  private since = performance.now();
  private base = 0;
  private readonly visits = new ScanSchedule(() => this.base + this.factor * (performance.now() - this.since));
  private timer: NodeJS.Timeout;

  constructor(private readonly datapath: Datapath) {
    this.visits.hurry();
    this.timer = this.begin();
  }

  /** @param fast whether the clock runs faster. At a real agent's pace a scan wakes no reader earlier than in the product. */
  learn(fast: boolean): void {
    const now = performance.now();
    this.base += this.factor * (now - this.since);
    this.since = now;
    this.factor = fast ? learningFactor : 1;
    clearInterval(this.timer);
    this.timer = this.begin();
  }

  /** To be called when the selection or the settings have changed: the next scans come soon. */
  hurry(): void {
    this.visits.hurry();
  }

  /** Whether the agent still watches how programs read, as it does while connections are in the state Learning. */
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
    this.datapath.reclaim();
    this.visits.step(this.datapath, this.datapath.snapshot());
  }
}

/** The same datapath as on a kernel without scans. */
export function unvisited(datapath: Datapath): Datapath {
  return Object.create(datapath, { canScan: { value: false } }) as Datapath;
}
