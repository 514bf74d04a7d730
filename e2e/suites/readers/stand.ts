// Two pods, a witness in containers of its own, and the product over them or not, with an agent that can be told to change, end or die.
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

/** A program that is started for longer has hung. */
const patienceMs = 60_000;
/** More than a small request and its answer take, by any protocol of the witnesses. */
const smallBytes = 1023;
/** What is pinned by a release that ours does not know. */
const foreign = 'abi-99';
/** Draining ends when unread bytes have been read and a visit has found it. */
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

  /** Puts the product on the node with the resource's defaults; or takes over what is pinned. */
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

  /** The agent is gone from one moment to the next; what is pinned works on. */
  abandon(): void {
    this.agent?.stop();
    this.agent = undefined;
    if (this.way !== undefined) this.fixture.datapath.close();
  }

  /** Takes the product off the node, whether or not its agent lives. */
  detach(): void {
    if (this.way === undefined) return;
    if (this.agent === undefined) this.fixture.datapath = this.fixture.open();
    this.agent?.stop();
    this.agent = undefined;
    this.way = undefined;
    this.fixture.datapath.release();
  }

  /** Everything is as an agent leaves it in calm times again. */
  restore(): void {
    if (this.way === undefined) return;
    if (this.agent === undefined) return this.attach(this.way);
    this.configure({});
    this.select(true);
  }

  /** The next agent comes of a release whose maps are of another version. */
  remap(): void {
    this.abandon();
    for (const folder of readdirSync(this.fixture.pins)) renameSync(join(this.fixture.pins, folder), join(this.fixture.pins, foreign));
    this.restore();
  }

  /** The product is taken away at once, with whatever is unread. */
  release(): void {
    this.agent?.stop();
    this.agent = undefined;
    this.fixture.datapath.release();
  }

  /**
   * Off, until nothing redirected is unread, and until all connections have left that must: so an agent begins to remove the product. Without
   * visits none has to.
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
   * Without visits, readers are known by connections of before that opened while they were watched: as programs that poll, and were seen to
   * read small messages.
   */
  knowReaders(): void {
    const containers = [this.cgroup('client'), this.cgroup('server')].map(containerOf);
    this.fixture.known.toPoll(containers);
    this.fixture.known.toRead(containers, smallBytes);
  }

  /** Whether the agent is in a hurry to learn. */
  learn(fast: boolean): void {
    this.agent?.learn(fast);
  }

  get attached(): boolean {
    return this.way !== undefined;
  }

  /** Whether every open connection's end is either joined or known to be better off on TCP. */
  get settled(): boolean {
    const passing = ['Learning', 'Pairing', 'Observing'] as const;
    return this.fixture.datapath.snapshot().namespaces.every(({ reasons }) => passing.every((reason) => (reasons.get(reason) ?? 0) === 0));
  }

  /** Whether the agent still watches how programs read. */
  get watching(): boolean {
    return this.way === 'visited' && this.agent?.watching === true;
  }

  /** Bytes redirected, and all, that the ends of both pods have sent; undefined while no agent counts them. */
  get bytes(): { readonly fast: number; readonly all: number } | undefined {
    if (this.agent === undefined) return undefined;
    const { namespaces } = this.fixture.datapath.snapshot();
    const fast = namespaces.reduce((sum, { fastBytes }) => sum + Number(fastBytes), 0);
    return { fast, all: namespaces.reduce((sum, { tcpBytes }) => sum + Number(tcpBytes), fast) };
  }

  /** Why open connections' ends are not accelerated. */
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
