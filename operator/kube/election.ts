// One leader at a time by a Lease: others wait 15 s after its last renewal, it stops by itself after 10 s; clocks are never compared.
import { systemClock, type Clock, type Random } from './clock';
import type { KubeClient } from './client';
import { messageOf } from './errors';
import { holderOf, LeaseClient, microTimeNow, type Lease } from './lease';

export interface ElectorOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Different for every process that takes part. */
  readonly identity: string;
  /** How long others wait after the last renewal they saw; 15 s unless told, whole seconds. */
  readonly leaseMs?: number;
  /** How long after its last renewal the leader stops by itself; 10 s unless told, less than `leaseMs`. */
  readonly renewDeadlineMs?: number;
  /** Between two tries to take or to renew; 2 s unless told. */
  readonly retryMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: (level: 'info' | 'warn', message: string) => void;
}

/** The lease's version, which changes with each renewal, and when, by our own clock, it was seen first. */
interface Observed {
  readonly version: string;
  readonly at: number;
}

/**
 * A leader leads until `renewDeadlineMs` after it *sent* its last successful renewal. Another takes over at the earliest
 * `leaseMs` after it *received* that renewal. Both measure by their own monotonic clock, so only the rates must agree.
 */
export class Elector {
  private readonly identity: string;
  private readonly leaseMs: number;
  private readonly renewDeadlineMs: number;
  private readonly retryMs: number;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly log: (level: 'info' | 'warn', message: string) => void;
  private readonly leases: LeaseClient;
  private readonly what: string;
  private held: Lease | undefined;
  private observed: Observed | undefined;
  private leadsUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ElectorOptions) {
    const { client, namespace, name, identity } = options;
    this.identity = identity;
    this.leaseMs = options.leaseMs ?? 15_000;
    this.renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.retryMs = options.retryMs ?? 2_000;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
    this.log = options.log ?? (() => undefined);
    this.what = `lease ${namespace}/${name}`;
    if (this.renewDeadlineMs >= this.leaseMs || this.retryMs >= this.renewDeadlineMs || this.leaseMs % 1000 !== 0) {
      throw new Error(`electing by ${this.what}: it needs retryMs < renewDeadlineMs < leaseMs, and leaseMs in whole seconds`);
    }
    // A second try must still begin before the deadline when the first is not answered.
    this.leases = new LeaseClient(client, { namespace, name }, this.renewDeadlineMs / 2 - this.retryMs / 2);
  }

  /** True while nobody else can lead. A process that was stopped and woken finds it false at once, before any timer has run. */
  get leading(): boolean {
    return this.clock.now() < this.leadsUntil;
  }

  /**
   * Takes part until the signal is given. `lead` is called each time leadership is won, one at a time; its signal is given
   * when leadership is lost or `signal` is. The lease is renewed until `lead` has ended, then given back. Never rejects:
   * what `lead` throws is logged, and it is called again with the next term.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      const waitMs = await this.compete();
      if (this.leading) await this.term(signal, lead);
      else await this.clock.sleep(waitMs, signal);
    }
  }

  /** One try to become leader; returns the milliseconds until the next one. */
  private async compete(): Promise<number> {
    const soonMs = this.retryMs * (1 + 0.2 * this.random());
    try {
      const lease = await this.leases.read();
      const freeInMs = lease === undefined ? 0 : this.freeIn(lease);
      if (freeInMs > 0) return Math.min(soonMs, freeInMs);
      this.leadsUntil = (await this.claim(lease)) ?? this.leadsUntil;
    } catch (error) {
      this.log('warn', `taking the ${this.what}: ${messageOf(error)}`);
    }
    return soonMs;
  }

  /** Milliseconds until it may be taken: none when nobody or we hold it, else until its record has not changed for its duration. */
  private freeIn(lease: Lease): number {
    // Not renewTime, which two renewals share when the holder's wall clock is set back between them.
    const version = lease.metadata.resourceVersion;
    if (this.observed?.version !== version) this.observed = { version, at: this.clock.now() };
    const holder = holderOf(lease);
    if (holder === undefined || holder === this.identity) return 0;
    const lastsMs = (lease.spec.leaseDurationSeconds ?? this.leaseMs / 1000) * 1000;
    return this.observed.at + lastsMs - this.clock.now();
  }

  /**
   * Writes ourselves into the lease that was read (or into a new one).
   * @returns until when we lead by it; undefined when somebody was quicker
   * @throws ApiError
   */
  private async claim(from: Lease | undefined): Promise<number | undefined> {
    const renewing = from !== undefined && holderOf(from) === this.identity;
    const sentAt = this.clock.now();
    const now = microTimeNow();
    const written = await this.leases.write(
      {
        holderIdentity: this.identity,
        leaseDurationSeconds: this.leaseMs / 1000,
        acquireTime: renewing ? from.spec.acquireTime : now,
        renewTime: now,
        leaseTransitions: (from?.spec.leaseTransitions ?? 0) + (from === undefined || renewing ? 0 : 1),
      },
      from,
    );
    this.held = written;
    return written === undefined ? undefined : sentAt + this.renewDeadlineMs;
  }

  private async term(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.log('info', `leading by the ${this.what} as ${this.identity}`);
    const lost = new AbortController();
    const ended = new AbortController();
    const renewing = this.renew(ended.signal, lost);
    try {
      await lead(AbortSignal.any([signal, lost.signal]));
    } catch (error) {
      if (!signal.aborted && !lost.signal.aborted) this.log('warn', `leading by the ${this.what}: ${messageOf(error)}; giving it back`);
    }
    ended.abort();
    await renewing;
    if (this.leading) await this.release();
    this.leadsUntil = Number.NEGATIVE_INFINITY;
    // Somebody else gets the chance first, and a `lead` that ends at once is not called in a tight loop.
    await this.clock.sleep(this.retryMs * (1 + 0.2 * this.random()), signal);
  }

  /** Renews until `ended`; gives `lost` at the deadline, whatever a request still does then. */
  private async renew(ended: AbortSignal, lost: AbortController): Promise<void> {
    const lose = (why: string): void => {
      if (lost.signal.aborted || ended.aborted) return;
      this.leadsUntil = Number.NEGATIVE_INFINITY;
      this.log('warn', `leading by the ${this.what}: ${why}; leadership is lost`);
      lost.abort();
    };
    const late = `not renewed within ${this.renewDeadlineMs} ms`;
    while (!ended.aborted && !lost.signal.aborted) {
      const cancel = this.clock.after(this.leadsUntil - this.clock.now(), () => lose(late));
      await this.clock.sleep(this.retryMs, AbortSignal.any([ended, lost.signal]));
      // The deadline is looked at before and after the request: a process that was stopped may come back at either place.
      if (!ended.aborted && this.leading) await this.renewOnce(lose);
      if (!this.leading) lose(late);
      cancel();
    }
  }

  private async renewOnce(lose: (why: string) => void): Promise<void> {
    try {
      // Without what we wrote last (a lost race, a request without answer) the lease is read first.
      const lease = this.held ?? (await this.leases.read());
      const holder = lease === undefined ? undefined : holderOf(lease);
      if (lease !== undefined && holder !== this.identity) return lose(`${holder ?? 'nobody'} holds it`);
      this.held = undefined;
      const until = await this.claim(lease);
      // Renewed, but after the deadline of the renewal before: leadership was already given up, and stays so.
      if (until !== undefined && this.leading) this.leadsUntil = until;
    } catch (error) {
      this.log('warn', `renewing the ${this.what}: ${messageOf(error)}`);
    }
  }

  /** Nobody holds it then, and the next one need not wait. A failure is of no matter: it runs out by itself. */
  private async release(): Promise<void> {
    try {
      const lease = this.held ?? (await this.leases.read());
      if (lease === undefined || holderOf(lease) !== this.identity) return;
      // From here on another may lead: what is said before the request is sure, whatever becomes of its answer.
      this.leadsUntil = Number.NEGATIVE_INFINITY;
      await this.leases.write({ holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTimeNow() }, lease);
      this.log('info', `released the ${this.what}`);
    } catch (error) {
      this.log('warn', `releasing the ${this.what}: ${messageOf(error)}`);
    }
  }
}
