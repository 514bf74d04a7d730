// Reads the connections of pods from the kernel: each pod at most once a second, and never for more than a tenth of a core.
import { setImmediate } from 'node:timers/promises';
import type { LocalPod } from '../cri/sandbox';
import type { ConnectionEnd, Datapath } from '../datapath/contract';

/** What was read within this time is new enough. */
const freshMs = 1000;
/** Pause after reading, as a multiple of the time it took; a pod nobody has read yet is read at once all the same. */
const restFactor = 10;
/** What nobody asked for this long is forgotten. */
const keepMs = 30_000;

export type Describer = Pick<Datapath, 'describe' | 'describes'>;

export interface PodEnds {
  readonly pod: LocalPod;
  readonly ends: readonly ConnectionEnd[];
}

interface Reading {
  readonly ends: readonly ConnectionEnd[];
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
    for (const pod of pods) {
      const known = this.readings.get(pod.netns);
      const enough = known !== undefined && (resting || this.now() < known.at + freshMs);
      const ends = enough ? known.ends : await this.readOne(pod.netns);
      if (ends !== undefined) found.push({ pod, ends });
    }
    return found;
  }

  private async readOne(netns: number): Promise<readonly ConnectionEnd[] | undefined> {
    await setImmediate();
    const began = this.now();
    const ends = this.describer()?.describe(netns);
    this.restUntil = Math.max(began, this.restUntil) + restFactor * (this.now() - began);
    if (ends === undefined) this.readings.delete(netns);
    else this.readings.set(netns, { ends, at: began });
    return ends;
  }

  private forget(): void {
    for (const [netns, { at }] of this.readings) if (this.now() - at > keepMs) this.readings.delete(netns);
  }
}
