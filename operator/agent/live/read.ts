// Reads the connections of pods from the kernel: each pod once a second at most, and all together with a tenth of a core at most.
import { setImmediate } from 'node:timers/promises';
import type { LocalPod } from '../cri/sandbox';
import type { ConnectionEnd, Datapath } from '../datapath/contract';
import { Busiest, type Sums } from './busiest';

/** Milliseconds for which a reading is used again. */
const freshMs = 1000;
/** Pause after reading, as a multiple of the time that it took. A pod without a reading is read also during the pause. */
const restFactor = 10;
/** Milliseconds after which a reading is dropped. */
const keepMs = 30_000;
/** Most connection ends of one pod that an answer lists one by one. Its sums are over all ends. */
export const mostOfPod = 2048;
/** The same limit for all pods of one request together. */
const mostOfAll = 4096;
/** The least that this limit is for one pod of a request with many pods. */
const leastOfPod = 64;

export type Describer = Pick<Datapath, 'describe' | 'describes'>;

export interface PodEnds {
  readonly pod: LocalPod;
  /** All ends, or the busiest when there are too many. */
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
    /** A monotonic clock in milliseconds. */
    private readonly now: () => number,
  ) {}

  /** Why connections cannot be read on this node, in one line; undefined when they can. */
  problem(): string | undefined {
    const describer = this.describer();
    if (describer === undefined) return 'the agent of this node has no datapath open yet';
    return describer.describes ? undefined : 'the kernel of this node cannot list single connections; that needs 5.12';
  }

  /** The connections of the selected ones of the given pods. Other work of the process goes on in between. */
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

  /** Extends the pause after milliseconds of work. */
  private rest(worked: number): void {
    this.restUntil = Math.max(this.now() - worked, this.restUntil) + restFactor * worked;
  }

  /** Stores a reading, and drops the oldest readings when all together have too many ends. */
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
