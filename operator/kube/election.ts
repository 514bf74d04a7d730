// Leader election by a Lease. By default another process takes over 15 s after it saw the last renewal, and a leader stops by itself 10 s
// after its last renewal. Clocks of different machines are never compared.
import { errorLine } from '../base';
import { systemClock, type Clock, type Random } from './clock';
import type { KubeClient } from './client';
import { holderOf, LeaseClient, microTimeNow, type Lease } from './lease';

export interface ElectorOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** A name that no other candidate has. */
  readonly identity: string;
  /** How long other candidates wait after the last renewal that they saw, in milliseconds; whole seconds, default 15 s. */
  readonly leaseMs?: number;
  /** How long after its last renewal the leader stops by itself, in milliseconds; less than `leaseMs`, default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Milliseconds between two tries to take or to renew the Lease; default 2 s. */
  readonly retryMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: (level: 'info' | 'warn', message: string) => void;
}

/** The resource version of the Lease, which changes with each renewal, and when this process first saw it, by its own clock. */
interface Observed {
  readonly version: string;
  readonly at: number;
}

/**
 * A leader leads until `renewDeadlineMs` after it *sent* its last successful renewal. Another candidate takes over `leaseMs` after it
 * *received* that renewal at the earliest. Each measures by its own monotonic clock, so only the rates of the clocks must agree.
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
  private readonly leaseName: string;
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
    this.leaseName = `${namespace}/${name}`;
    if (this.renewDeadlineMs >= this.leaseMs || this.retryMs >= this.renewDeadlineMs || this.leaseMs % 1000 !== 0) {
      throw new Error(`electing by lease ${this.leaseName}: it needs retryMs < renewDeadlineMs < leaseMs, and leaseMs in whole seconds`);
    }
    // The time limit of a request leaves room for a second try before the deadline.
    this.leases = new LeaseClient(client, { namespace, name }, this.renewDeadlineMs / 2 - this.retryMs / 2);
  }

  /** True while no other process can lead. After a process was stopped and continued it is false at once, before any timer has run. */
  get leading(): boolean {
    return this.clock.now() < this.leadsUntil;
  }

  /**
   * Takes part in the election until `signal` is aborted. Each time this process becomes leader, `lead` is called with a signal that is
   * aborted when leadership is lost or `signal` is aborted. The Lease is renewed until `lead` has ended, and then released. Never rejects: an
   * error of `lead` is logged, and `lead` is called again in the next term.
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
      this.log('warn', `cannot take the lease ${this.leaseName}: ${errorLine(error)}`);
    }
    return soonMs;
  }

  /** Milliseconds until this process may take the Lease: 0 when nobody or itself holds it, else the rest of its duration without a change. */
  private freeIn(lease: Lease): number {
    // Compares the version and not renewTime: if the holder's wall clock is set back, two renewals can have the same renewTime.
    const version = lease.metadata.resourceVersion;
    if (this.observed?.version !== version) this.observed = { version, at: this.clock.now() };
    const holder = holderOf(lease);
    if (holder === undefined || holder === this.identity) return 0;
    const lastsMs = (lease.spec.leaseDurationSeconds ?? this.leaseMs / 1000) * 1000;
    return this.observed.at + lastsMs - this.clock.now();
  }

  /**
   * Writes this process as holder into the Lease that was read, or into a new Lease.
   * @returns the time by the clock until which this process leads; undefined when another wrote first
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
    this.log('info', `leading by the lease ${this.leaseName} as ${this.identity}`);
    const lost = new AbortController();
    const ended = new AbortController();
    const renewing = this.renew(ended.signal, lost);
    try {
      await lead(AbortSignal.any([signal, lost.signal]));
    } catch (error) {
      if (!signal.aborted && !lost.signal.aborted)
        this.log('warn', `leading by the lease ${this.leaseName}: ${errorLine(error)}; releasing the lease`);
    }
    ended.abort();
    await renewing;
    if (this.leading) await this.release();
    this.leadsUntil = Number.NEGATIVE_INFINITY;
    // Another candidate gets the first chance, and a `lead` that ends at once is not called in a tight loop.
    await this.clock.sleep(this.retryMs * (1 + 0.2 * this.random()), signal);
  }

  /** Renews until `ended` is aborted. Aborts `lost` at the deadline, also while a request is still open. */
  private async renew(ended: AbortSignal, lost: AbortController): Promise<void> {
    const lose = (why: string): void => {
      if (lost.signal.aborted || ended.aborted) return;
      this.leadsUntil = Number.NEGATIVE_INFINITY;
      this.log('warn', `leading by the lease ${this.leaseName}: ${why}; leadership is lost`);
      lost.abort();
    };
    const late = `not renewed within ${this.renewDeadlineMs} ms`;
    while (!ended.aborted && !lost.signal.aborted) {
      const cancel = this.clock.after(this.leadsUntil - this.clock.now(), () => lose(late));
      await this.clock.sleep(this.retryMs, AbortSignal.any([ended, lost.signal]));
      // The deadline is checked before and after the request, because the process may be stopped at either place.
      if (!ended.aborted && this.leading) await this.renewOnce(lose);
      if (!this.leading) lose(late);
      cancel();
    }
  }

  private async renewOnce(lose: (why: string) => void): Promise<void> {
    try {
      // `held` is missing after a lost race or a request without an answer; then the Lease is read first.
      const lease = this.held ?? (await this.leases.read());
      const holder = lease === undefined ? undefined : holderOf(lease);
      if (lease !== undefined && holder !== this.identity) return lose(`${holder ?? 'nobody'} holds it`);
      this.held = undefined;
      const until = await this.claim(lease);
      // A renewal that succeeds after the deadline of the renewal before does not bring leadership back.
      if (until !== undefined && this.leading) this.leadsUntil = until;
    } catch (error) {
      this.log('warn', `cannot renew the lease ${this.leaseName}: ${errorLine(error)}`);
    }
  }

  /** Writes the Lease without a holder, so that the next leader does not have to wait. A failure does no harm: the Lease expires. */
  private async release(): Promise<void> {
    try {
      const lease = this.held ?? (await this.leases.read());
      if (lease === undefined || holderOf(lease) !== this.identity) return;
      // From the request on another may lead, whether its answer arrives or not.
      this.leadsUntil = Number.NEGATIVE_INFINITY;
      await this.leases.write({ holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTimeNow() }, lease);
      this.log('info', `released the lease ${this.leaseName}`);
    } catch (error) {
      this.log('warn', `cannot release the lease ${this.leaseName}: ${errorLine(error)}`);
    }
  }
}
