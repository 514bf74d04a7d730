// The agents of all nodes, one for each node: authenticates them, sends orders and keeps their last reports.
import { setTimeout as pause } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import {
  type AgentSession,
  type TokenSource,
  NotAuthenticated,
  type Order,
  Refused,
  type SessionHandlers,
  streamLimits,
  type Watched,
} from '../../protocol';
import type { AgentState } from '../agents/agentState';
import type { LiveAgent } from '../live';
import { Comings } from './comings';
import { Claims, type PodLookup } from './ownPods';
import { Refusals } from './refusals';
import type { AgentIdentity, TokenReviewer } from './tokenReview';
import { SemaphoreFull, BoundedSemaphore } from './boundedSemaphore';

/** Milliseconds since the last report for which an agent counts as alive, with a valid token or not. Agents report every ten seconds. */
const aliveMs = 15_000;
/**
 * Limits for TokenReviews, so that clients cannot overload the API server through the controller. After a change of leader all agents connect
 * within seconds, and there is room for all of them to wait: a rejected agent would cost another handshake. A token whose turn comes after the
 * channel has ended its stream is not reviewed.
 */
const reviewing = { permits: 16, maxWaiting: 10_000, maxWaitMs: streamLimits.authenticateMs - 5_000 };
/**
 * Limits for tokens from doubted addresses, which lately sent more wrong tokens than good ones: ten reviews per second for all such addresses.
 * Agents behind such an address reconnect more slowly; others do not. A connection of some 80 KiB waits with each token, beside the places of
 * the port.
 */
const doubted = { permits: 1, maxWaiting: 192, maxWaitMs: reviewing.maxWaitMs };
/** Shortest time of one such review, in milliseconds. */
const doubtedMs = 100;
/** Most waiting reviews of one such address. */
const doubtedEach = 32;
/** Bytes of an order that are sent before the event loop gets a turn. Each stream holds its copy in memory. */
const bytesAtOnce = 10_000_000;
/** Milliseconds for which the report of a node without an agent is kept. An agent that is being replaced reconnects within that time. */
const keepMs = 120_000;

/** A source that is never doubted, for callers without one. */
const nobody: TokenSource = { address: '', known: true, stepAside: () => undefined };

/** What the controller remembers of one node. */
interface NodeEntry {
  session: AgentSession<AgentIdentity> | undefined;
  /** Identity of the session, with its latest token. */
  identity: AgentIdentity;
  /** The last report, checked against the node's pods. */
  readonly claims: Claims;
  /** UID of the pod that sent the report. */
  reporter: string | undefined;
  /** Time of the last report or of the end of the stream, in milliseconds of the monotonic clock. */
  lastSeen: number;
}

export interface SessionsOptions {
  readonly reviewer: Pick<TokenReviewer, 'review' | 'stillValid'>;
  readonly podsOn: PodLookup['podsOn'];
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  /** A report was received, or an agent connected or disconnected. */
  readonly onChange: (node: string) => void;
  /** An agent has answered a request for live data; undefined when its stream has ended. */
  readonly onWatched?: (node: string, watched: Watched | undefined) => void;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

export class AgentSessions {
  private readonly nodes = new Map<string, NodeEntry>();
  private order: Order | undefined;
  /** Namespaces of the order. */
  private selected: ReadonlySet<string> | undefined;
  private readonly reviews: BoundedSemaphore;
  private readonly doubtedReviews: BoundedSemaphore;
  /** Doubted address → number of its tokens that wait or are being reviewed. */
  private readonly waitingFrom = new Map<string, number>();
  private readonly refusals: Refusals;
  private readonly comings: Comings;

  constructor(private readonly options: SessionsOptions) {
    this.reviews = new BoundedSemaphore({ ...reviewing, now: options.now });
    this.doubtedReviews = new BoundedSemaphore({ ...doubted, now: options.now });
    this.refusals = new Refusals(options.now);
    this.comings = new Comings(options.now, (line) => options.log('info', line));
  }

  /**
   * The identity of a token. A node has one agent: a second pod of a node is refused while the first one reports or its token is valid, and
   * replaces the first when that pod is deleted.
   * @param isOpen false once the stream of the token has ended
   * @throws Refused
   */
  async authenticate(token: string, isOpen: () => boolean = () => true, source: TokenSource = nobody): Promise<AgentIdentity> {
    const before = this.refusals.of(token);
    if (before !== undefined) throw new NotAuthenticated(before);
    const isDoubted = (): boolean => !source.known && this.refusals.doubts(source.address);
    try {
      // If the address became doubted while this token waited, the token goes to the end of the queue for doubted addresses.
      const identity = isDoubted() ? undefined : await this.reviews.run(async () => (isDoubted() ? undefined : this.review(token, source)), isOpen);
      return identity ?? (await this.reviewDoubted(token, isOpen, source));
    } catch (error) {
      if (error instanceof SemaphoreFull) throw new Refused(status.RESOURCE_EXHAUSTED, `too many agents are being authenticated: ${error.message}`);
      throw error;
    }
  }

  private async review(token: string, { address, known }: TokenSource): Promise<AgentIdentity> {
    try {
      const identity = await this.options.reviewer.review(token);
      const tooOften = known ? undefined : this.comings.refusal(identity.node);
      if (tooOften !== undefined) {
        // Remembered like a wrong token, so that it is not reviewed each time, but not held against the address: it is a good one.
        this.refusals.add(token, tooOften, undefined);
        throw new Refused(status.RESOURCE_EXHAUSTED, tooOften);
      }
      if (!known) this.refusals.accepted(address);
      await this.refuseSecond(identity);
      return identity;
    } catch (error) {
      if (error instanceof NotAuthenticated) this.refusals.add(token, error.message, known ? undefined : address);
      throw error;
    }
  }

  private async reviewDoubted(token: string, isOpen: () => boolean, source: TokenSource): Promise<AgentIdentity> {
    const { address } = source;
    const own = this.waitingFrom.get(address) ?? 0;
    if (own >= doubtedEach) throw new SemaphoreFull(`wrong tokens came from ${address}, and ${own} more of them wait`);
    this.waitingFrom.set(address, own + 1);
    source.stepAside();
    try {
      return await this.doubtedReviews.run(async () => {
        const [seen] = await Promise.allSettled([this.review(token, source), pause(doubtedMs)]);
        if (seen.status === 'rejected') throw seen.reason;
        return seen.value;
      }, isOpen);
    } finally {
      const left = (this.waitingFrom.get(address) ?? 1) - 1;
      if (left === 0) this.waitingFrom.delete(address);
      else this.waitingFrom.set(address, left);
    }
  }

  /** Forgets the order of an earlier term of leadership, which must not be sent to agents. */
  forgetOrder(): void {
    this.order = undefined;
    this.selected = undefined;
  }

  private async refuseSecond({ node, podUid }: AgentIdentity): Promise<void> {
    const entry = this.nodes.get(node);
    if (entry?.session === undefined || entry.session.identity.podUid === podUid) return;
    const { identity } = entry;
    const alive = this.options.now() - entry.lastSeen < aliveMs || (await this.options.reviewer.stillValid(identity));
    if (alive) throw new Refused(status.ALREADY_EXISTS, `node ${node} already has an agent: pod ${identity.pod}`);
  }

  /** Takes the stream of an authenticated agent; it replaces an earlier stream of the node. */
  open(session: AgentSession<AgentIdentity>): SessionHandlers<AgentIdentity> {
    const { node, pod } = session.identity;
    const entry = this.nodes.get(node) ?? {
      session: undefined,
      identity: session.identity,
      claims: this.claimsOf(node),
      reporter: undefined,
      lastSeen: 0,
    };
    entry.session?.close(`pod ${pod} is the agent of node ${node} now`);
    entry.session = session;
    entry.identity = session.identity;
    entry.lastSeen = this.options.now();
    this.nodes.set(node, entry);
    this.comings.tell(node, 'connected', `pod ${pod}, kernel ${session.hello.kernel}, version ${session.hello.agentVersion}`);
    if (this.order !== undefined) session.send(this.order);
    this.options.onChange(node);
    return {
      onIdentity: (identity) => {
        if (identity.node !== node || identity.podUid !== session.identity.podUid)
          throw new NotAuthenticated(`the fresh token belongs to pod ${identity.pod} on node ${identity.node}`);
        if (entry.session === session) entry.identity = identity;
      },
      onReport: (report) => {
        if (entry.session !== session) return;
        entry.claims.take(report);
        entry.reporter = session.identity.podUid;
        entry.lastSeen = this.options.now();
        this.options.onChange(node);
      },
      onWatched: (watched) => void (entry.session === session && this.options.onWatched?.(node, entry.claims.rowsOf(watched))),
      onClose: (reason) => {
        if (entry.session !== session) return;
        entry.session = undefined;
        entry.lastSeen = this.options.now();
        this.comings.tell(node, 'disconnected', reason);
        this.options.onChange(node);
        this.options.onWatched?.(node, undefined);
      },
    };
  }

  private claimsOf(node: string): Claims {
    const { podsOn, now, log, onChange } = this.options;
    return new Claims({
      node,
      look: (namespaces) => podsOn(node, namespaces, this.selected),
      selected: () => this.selected,
      now,
      log,
      onJudged: () => onChange(node),
    });
  }

  /** Sends an order to every connected agent, and to those that connect later. */
  broadcast(order: Order): void {
    this.order = order;
    // An order to remove has no namespaces. The namespaces of the order before stay, so that connections count until the datapath is removed.
    if (!order.remove) this.selected = new Set(order.namespaces);
    this.sendOn(
      order,
      [...this.nodes.values()].flatMap(({ session }) => session ?? []),
    );
  }

  /**
   * Sends an order to the streams of the given agents in portions. A stream that has ended gets nothing. A stream that was opened after the call has
   * got the order already.
   */
  private sendOn(order: Order, sessions: readonly AgentSession<AgentIdentity>[]): void {
    if (this.order !== order) return;
    let [bytes, sent] = [0, 0];
    for (; sent < sessions.length && bytes < bytesAtOnce; sent += 1) bytes += sessions[sent]?.send(order) ?? 0;
    const rest = sessions.slice(sent);
    if (rest.length > 0) setImmediate(() => this.sendOn(order, rest));
  }

  /** All nodes for live data, with their streams as far as they are connected. */
  liveAgents(): LiveAgent[] {
    return [...this.nodes].map(([node, { session, claims }]) => ({
      node,
      namespaces: !claims.checked ? undefined : claims.report?.namespaces.filter(({ podsSelected }) => podsSelected > 0).map(({ name }) => name),
      stream: session === undefined ? undefined : { answersWatch: session.hello.live, watch: (watch) => session.watch(watch) },
    }));
  }

  /** The state of each node's agent. Nodes without an agent for two minutes are dropped. */
  states(): AgentState[] {
    const now = this.options.now();
    for (const [node, entry] of this.nodes) {
      if (entry.session !== undefined || now - entry.lastSeen <= keepMs) continue;
      entry.claims.close();
      this.nodes.delete(node);
    }
    return [...this.nodes].map(([node, entry]) => ({
      node,
      connected: entry.session !== undefined,
      report: entry.claims.report,
      podUid: entry.reporter,
      checked: entry.claims.checked,
      implausible: entry.claims.implausible,
      ageMs: now - entry.lastSeen,
    }));
  }
}
