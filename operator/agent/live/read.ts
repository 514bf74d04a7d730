// Reads the connections of pods from the kernel: each pod at most once a second, and never for more than a tenth of a core.
import { setImmediate } from 'node:timers/promises';
import type { LocalPod } from '../cri/sandbox';
import type { ConnectionEnd, Datapath } from '../datapath/contract';
import { Busiest, type Sums } from './busiest';

/** What was read within this time is new enough. */
const freshMs = 1000;
/** Pause after reading, as a multiple of the time it took; a pod nobody has read yet is read at once all the same. */
const restFactor = 10;
/** What nobody asked for this long is forgotten. */
const keepMs = 30_000;
/** Most connection ends of one pod, and of all pods that are asked for at a time, that are told one by one; sums are over all. */
export const mostOfPod = 2048;
const mostOfAll = 4096;
const leastOfPod = 64;

export type Describer = Pick<Datapath, 'describe' | 'describes'>;

export interface PodEnds {
  readonly pod: LocalPod;
  /** All of them, or the busiest of too many. */
  readonly ends: readonly ConnectionEnd[];
  readonly sums: Sums;
}

interface Reading extends Omit<PodEnds, 'pod'> {
  readonly at: number;
}

export class LiveReader {
  private readonly readings = new Map<number, Reading>();
  private restUntil = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly describer: () => Describer | undefined,
    /** Milliseconds of a clock that only goes forward. */
    private readonly now: () => number,
  ) {}

  /** Why nothing can be read here, in one line; undefined when it can. */
  problem(): string | undefined {
    const describer = this.describer();
    if (describer === undefined) return 'nothing is in force on this node yet';
    return describer.describes ? undefined : 'the kernel of this node cannot show single connections: that takes 5.12';
  }

  /** The connections of those of the pods that are selected. Other work of the process goes on between two pods. */
  read(pods: readonly LocalPod[]): Promise<PodEnds[]> {
    const reading = this.turn.then(() => this.readEach(pods));
    this.turn = reading.catch(() => undefined);
    return reading;
  }

  private async readEach(pods: readonly LocalPod[]): Promise<PodEnds[]> {
    this.forget();
    const found: PodEnds[] = [];
    const resting = this.now() < this.restUntil;
    const most = Math.min(mostOfPod, Math.max(leastOfPod, Math.floor(mostOfAll / pods.length)));
    for (const pod of pods) {
      const known = this.readings.get(pod.netns);
      const enough = known !== undefined && (resting || this.now() < known.at + freshMs);
      const reading = enough ? known : await this.readOne(pod.netns, most);
      if (reading !== undefined) found.push({ pod, ends: reading.ends, sums: reading.sums });
    }
    return found;
  }

  private async readOne(netns: number, most: number): Promise<Reading | undefined> {
    await setImmediate();
    const at = this.now();
    this.readings.delete(netns);
    let worked = at;
    const walk = this.describer()?.describe(netns);
    const busiest = new Busiest(most);
    for (const ends of walk ?? []) {
      busiest.add(ends);
      this.rest(this.now() - worked);
      await setImmediate();
      worked = this.now();
    }
    this.rest(this.now() - worked);
    if (walk === undefined) return undefined;
    const reading = { ends: busiest.ends(), sums: busiest.all(), at };
    this.keep(netns, reading);
    return reading;
  }

  /** After so many milliseconds of work. */
  private rest(worked: number): void {
    this.restUntil = Math.max(this.now() - worked, this.restUntil) + restFactor * worked;
  }

  /** The oldest give way where all together would be too many. */
  private keep(netns: number, reading: Reading): void {
    this.readings.set(netns, reading);
    let all = [...this.readings.values()].reduce((sum, { ends }) => sum + ends.length, 0);
    for (const [other, { ends }] of this.readings) {
      if (all <= mostOfAll) return;
      this.readings.delete(other);
      all -= ends.length;
    }
  }

  private forget(): void {
    for (const [netns, { at }] of this.readings) if (this.now() - at > keepMs) this.readings.delete(netns);
  }
}
