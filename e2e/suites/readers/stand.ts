// Two pods, and a witness in containers of its own, with or without the product, whose agent can be reconfigured, replaced, ended or killed.
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';
import { containerOf } from '../../../ebpf/tests/known';
import type { DatapathSettings } from '../../../operator/agent/datapath';
import { maxConnectionsRange, spillBytesRange } from '../../../operator/api/spec';
import { Containers } from '../../stand/pods/containers';
import { waitFor } from '../../stand/support/waitFor';
import { Agent, unvisited } from './agent';
import type { Way } from './ways';

/** A program that runs for longer has hung. */
const patienceMs = 60_000;
/** No small request or answer has more bytes, in any protocol of the witnesses. */
const smallBytes = 1023;
/** The name of a folder of pins of another release, which this release does not know. */
const foreign = 'abi-99';
/** Draining ends when the unread bytes have been read and a scan has found none. It takes less than this time. */
const drainsWithinMs = 5_000;

export class Stand extends Containers {
  private agent: Agent | undefined;
  private way: Way | undefined;

  private constructor() {
    super(new Fixture(), patienceMs);
  }

  static open(): Stand {
    const stand = new Stand();
    stand.fixture.datapath.release();
    return stand;
  }

  /** Puts the product on the node with the resource's defaults, or takes over the datapath that is pinned. */
  attach(way: Way): void {
    this.way = way;
    this.fixture.datapath = way === 'unvisited' ? unvisited(this.fixture.open()) : this.fixture.open();
    this.configure({});
    this.select(true);
    this.agent = new Agent(this.fixture.datapath);
  }

  configure(changes: Partial<DatapathSettings>): void {
    const limits = { maxConnections: maxConnectionsRange.default, spillBytes: spillBytesRange.default };
    this.fixture.datapath.configure({ ...settings, ...limits, learn: true, ...changes });
    this.agent?.hurry();
  }

  /** Selects both pods, or the client's alone. */
  select(server: boolean): void {
    const { fixture } = this;
    const pods = [selected(fixture.client, 'client'), ...(server ? [selected(fixture.server, 'server')] : [])];
    fixture.datapath.select(pods, []);
    this.agent?.hurry();
  }

  /** Ends the agent without any clean-up; the pinned datapath goes on working. */
  abandon(): void {
    this.agent?.stop();
    this.agent = undefined;
    if (this.way !== undefined) this.fixture.datapath.close();
  }

  /** Removes the product from the node, whether or not its agent still runs. */
  detach(): void {
    if (this.way === undefined) return;
    if (this.agent === undefined) this.fixture.datapath = this.fixture.open();
    this.agent?.stop();
    this.agent = undefined;
    this.way = undefined;
    this.fixture.datapath.release();
  }

  /** Brings everything back to how it was before a situation: an agent, both pods selected, default settings. */
  restore(): void {
    if (this.way === undefined) return;
    if (this.agent === undefined) return this.attach(this.way);
    this.configure({});
    this.select(true);
  }

  /** Replaces the agent by one of a release whose maps are of another version. */
  remap(): void {
    this.abandon();
    for (const folder of readdirSync(this.fixture.pins)) renameSync(join(this.fixture.pins, folder), join(this.fixture.pins, foreign));
    this.restore();
  }

  /** Removes the product at once, also when redirected bytes are unread. */
  release(): void {
    this.agent?.stop();
    this.agent = undefined;
    this.fixture.datapath.release();
  }

  /**
   * Sets the mode to Off, and waits until no redirected byte is unread and all connections have left that must leave: an agent that removes the
   * product begins so. On kernels without scans no connection must leave.
   */
  async drain(): Promise<void> {
    this.configure({ mode: 'Off' });
    const left = (): boolean => {
      const { drainingSockets, leavingSockets = 0 } = this.fixture.datapath.snapshot();
      return drainingSockets + (this.way === 'visited' ? leavingSockets : 0) === 0;
    };
    await waitFor('unread bytes to be read and connections to leave', left, { timeoutMs: drainsWithinMs, everyMs: 10 });
  }

  /**
   * Tells the datapath what it would know without scans from earlier connections, which opened while readers were watched: that the programs
   * poll, and were seen to read small messages.
   */
  knowReaders(): void {
    const containers = [this.cgroup('client'), this.cgroup('server')].map(containerOf);
    this.fixture.known.toPoll(containers);
    this.fixture.known.toRead(containers, smallBytes);
  }

  /** @param fast whether the agent's clock runs faster, so that it learns sooner */
  learn(fast: boolean): void {
    this.agent?.learn(fast);
  }

  get attached(): boolean {
    return this.way !== undefined;
  }

  /** Whether every end of an open connection is either joined or is known to be better off on TCP. */
  get settled(): boolean {
    const passing = ['Learning', 'Pairing', 'Observing'] as const;
    return this.fixture.datapath.snapshot().namespaces.every(({ reasons }) => passing.every((reason) => (reasons.get(reason) ?? 0) === 0));
  }

  /** Whether the agent still watches how programs read. */
  get watching(): boolean {
    return this.way === 'visited' && this.agent?.watching === true;
  }

  /** The redirected bytes and all bytes that the connection ends of both pods have sent; undefined while no agent counts them. */
  get bytes(): { readonly fast: number; readonly all: number } | undefined {
    if (this.agent === undefined) return undefined;
    const { namespaces } = this.fixture.datapath.snapshot();
    const fast = namespaces.reduce((sum, { fastBytes }) => sum + Number(fastBytes), 0);
    return { fast, all: namespaces.reduce((sum, { tcpBytes }) => sum + Number(tcpBytes), fast) };
  }

  /** Why the ends of open connections are not accelerated. */
  get reasons(): readonly string[] {
    if (this.agent === undefined) return [];
    const counts = this.fixture.datapath.snapshot().namespaces.flatMap(({ reasons }) => [...reasons]);
    return [...new Set(counts.filter(([, ends]) => ends > 0).map(([reason]) => reason))].sort();
  }

  async close(): Promise<void> {
    this.detach();
    await this.remove();
    this.fixture.datapath = this.fixture.open();
    await this.fixture.remove();
  }
}
