// Runs a witness, on plain TCP or accelerated, and puts it into one situation after the other.
import { setTimeout as pause } from 'node:timers/promises';
import { errorMessage } from '../../../operator/base';
import { lastWords } from '../../stand/pods/containers';
import { Client, type Outcome } from './client';
import { hungAfterMs, settlesWithinMs } from './pace';
import type { Situation } from './situations';
import type { Stand } from './stand';
import type { Way } from './ways';
import type { Started, Witness } from './witness';

const warmUp = { count: 40, up: 200, down: 200 } as const;

/** The result of one situation. */
export interface Played extends Outcome {
  /** The redirected share of the bytes that both ends sent meanwhile; undefined where no agent was left to count. */
  readonly share: number | undefined;
  /** Why connection ends are not accelerated; empty where no agent was left to ask. */
  readonly reasons: readonly string[];
}

export class Session {
  private started: Started | undefined;
  private client: Client | undefined;
  private abandoned = false;

  constructor(
    private readonly stand: Stand,
    private readonly witness: Witness,
    private readonly way: Way | undefined,
  ) {
    if (way !== undefined) stand.attach(way);
  }

  /** Plays a situation. An error becomes a complaint in the result, and the witness is then started anew for the next situation. */
  async play(situation: Situation): Promise<Played> {
    let played: Played;
    try {
      await this.ready();
      if (situation.begins === true) this.started?.beginLarge?.();
      const before = this.stand.bytes;
      const outcome = await situation.play(await this.talking(), this.stand);
      played = { ...outcome, share: this.shareSince(before), reasons: this.stand.reasons };
    } catch (error) {
      const complaint = lastWords(errorMessage(error));
      played = { bytes: 0, ms: 0, standstillMs: 0, complaints: [complaint], share: undefined, reasons: this.stand.reasons };
    }
    if (this.way !== 'abandoned') this.stand.restore();
    if (played.complaints.length > 0) await this.endPrograms();
    return played;
  }

  async end(): Promise<void> {
    await this.endPrograms();
    this.stand.detach();
  }

  /** Opens a connection and takes turns on it until the datapath has learnt all about it. */
  private async ready(): Promise<void> {
    const client = await this.talking();
    this.stand.learn(true);
    if (this.way === 'unvisited') this.stand.knowReaders();
    must('open a connection', await client.do('open', { patienceMs: hungAfterMs }));
    const deadline = performance.now() + settlesWithinMs;
    do {
      must('take turns', await client.do('turns', warmUp));
      if (this.way === undefined || this.way === 'unvisited' || this.abandoned) break;
      await pause(20);
    } while ((!this.stand.settled || this.stand.watching) && performance.now() < deadline);
    this.stand.learn(false);
    must('take turns', await client.do('turns', warmUp));
    if (this.way === 'abandoned' && !this.abandoned) {
      this.stand.abandon();
      this.abandoned = true;
    }
  }

  private async talking(): Promise<Client> {
    if (this.client !== undefined) return this.client;
    this.stand.begin();
    this.started = await this.witness.start(this.stand);
    return (this.client = Client.start(this.stand, this.witness));
  }

  private async endPrograms(): Promise<void> {
    await this.client?.stop();
    this.client = undefined;
    await this.stand.end();
  }

  private shareSince(before: Stand['bytes']): number | undefined {
    const now = this.stand.bytes;
    if (now === undefined || before === undefined) return undefined;
    if (now.all < before.all) return undefined; // the datapath has new maps, which count from zero
    // a connection that was never joined is counted when it closes
    return (now.fast - before.fast) / Math.max(1, now.all - before.all);
  }
}

function must(what: string, { complaints }: Outcome): void {
  const [complaint] = complaints;
  if (complaint !== undefined) throw new Error(`${what}: ${complaint}`);
}
