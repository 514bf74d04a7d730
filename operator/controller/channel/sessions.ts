// The agents that are connected: one a node, each with its last report and the order it was sent.
import { setTimeout as pause } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { type AgentSession, type Asker, NotAuthenticated, type Order, Refused, type SessionHandlers, streamLimits, type Watched } from '../../protocol';
import type { AgentState } from '../agents/agentState';
import type { LiveAgent } from '../live';
import { Claims, type PodLookup } from './ownPods';
import { Refusals } from './refusals';
import type { AgentIdentity, TokenReviewer } from './tokenReview';
import { LineTooLong, WaitingLine } from './waitingLine';

/** Agents speak every ten seconds: one that was heard within this time lives, whatever has become of its first token. */
const aliveMs = 15_000;
/**
 * Tokens being looked at by the API server at a time, and waiting for it: nobody may flood it through us. After a change of
 * leader all agents come within seconds, and there is room for all: who were sent away would cost another handshake later.
 * Who would be looked at only when the channel has given up the stream is not looked at.
 */
const reviewing = { atOnce: 16, longest: 10_000, patienceMs: streamLimits.authenticateMs - 5_000 };
/**
 * Tokens from addresses that more wrong ones than good ones came from lately: ten a second of all of them, so that nobody has the API server look at thousands.
 * Agents behind such an address come back more slowly; nobody else does.
 */
const doubted = { atOnce: 1, longest: 1000, patienceMs: reviewing.patienceMs };
const doubtedMs = 100;
const doubtedEach = 32;
/** What is sent at once is held in memory once for each stream. */
const bytesAtOnce = 10_000_000;
/** The report of a node without an agent is kept this long: an agent that is replaced comes back within it. */
const keepMs = 120_000;

/** For whoever does not tell askers apart. */
const nobody: Asker = { address: '', known: true };

interface Seat {
  session: AgentSession<AgentIdentity> | undefined;
  /** Of the session, with the token it has shown last. */
  identity: AgentIdentity;
  /** The last report, and what of it is believed. */
  readonly claims: Claims;
  /** Of the pod that sent the report. */
  reporter: string | undefined;
  /** Monotonic milliseconds of the last report, or of the end of the stream. */
  lastSeen: number;
}

export interface SessionsOptions {
  readonly reviewer: Pick<TokenReviewer, 'review' | 'stillValid'>;
  readonly podsOn: PodLookup['podsOn'];
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** A report came, or an agent came or went. */
  readonly onChange: (node: string) => void;
  /** An agent has answered a question; undefined when its stream is gone. */
  readonly onWatched?: (node: string, watched: Watched | undefined) => void;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

export class AgentSessions {
  private readonly seats = new Map<string, Seat>();
  private order: Order | undefined;
  /** Of the order. */
  private selected: ReadonlySet<string> | undefined;
  private readonly reviews: WaitingLine;
  private readonly doubtedReviews: WaitingLine;
  /** Tokens of a doubted address that wait or are looked at. */
  private readonly waitingFrom = new Map<string, number>();
  private readonly refusals: Refusals;

  constructor(private readonly options: SessionsOptions) {
    this.reviews = new WaitingLine({ ...reviewing, now: options.now });
    this.doubtedReviews = new WaitingLine({ ...doubted, now: options.now });
    this.refusals = new Refusals(options.now);
  }

  /**
   * Who shows this token. One node has one agent: another pod that claims a node is refused while the first speaks or
   * its token is good, and takes its place once that pod is gone.
   * @param wanted whether the stream that showed it is still there
   * @throws Refused
   */
  async authenticate(token: string, wanted: () => boolean = () => true, asker: Asker = nobody): Promise<AgentIdentity> {
    const before = this.refusals.of(token);
    if (before !== undefined) throw new NotAuthenticated(before);
    const isDoubted = (): boolean => !asker.known && this.refusals.doubts(asker.address);
    try {
      // Whoever stood in line when the first token of its address was refused goes to the end of the other line.
      const identity = isDoubted() ? undefined : await this.reviews.run(async () => (isDoubted() ? undefined : this.look(token, asker)), wanted);
      return identity ?? (await this.lookSlowly(token, wanted, asker));
    } catch (error) {
      if (error instanceof LineTooLong) throw new Refused(status.RESOURCE_EXHAUSTED, `too many agents are being authenticated: ${error.message}`);
      throw error;
    }
  }

  private async look(token: string, { address, known }: Asker): Promise<AgentIdentity> {
    try {
      const identity = await this.options.reviewer.review(token);
      if (!known) this.refusals.accepted(address);
      await this.refuseSecond(identity);
      return identity;
    } catch (error) {
      if (error instanceof NotAuthenticated) this.refusals.add(token, error.message, known ? undefined : address);
      throw error;
    }
  }

  private async lookSlowly(token: string, wanted: () => boolean, asker: Asker): Promise<AgentIdentity> {
    const { address } = asker;
    const own = this.waitingFrom.get(address) ?? 0;
    if (own >= doubtedEach) throw new LineTooLong(`wrong tokens came from ${address}, and ${own} more of them wait`);
    this.waitingFrom.set(address, own + 1);
    try {
      return await this.doubtedReviews.run(async () => {
        const [seen] = await Promise.allSettled([this.look(token, asker), pause(doubtedMs)]);
        if (seen.status === 'rejected') throw seen.reason;
        return seen.value;
      }, wanted);
    } finally {
      const left = (this.waitingFrom.get(address) ?? 1) - 1;
      if (left === 0) this.waitingFrom.delete(address);
      else this.waitingFrom.set(address, left);
    }
  }

  /** A new leader has not ordered anything yet; what an earlier term ordered must not reach anybody. */
  forgetOrder(): void {
    this.order = undefined;
    this.selected = undefined;
  }

  private async refuseSecond({ node, podUid }: AgentIdentity): Promise<void> {
    const seat = this.seats.get(node);
    if (seat?.session === undefined || seat.session.identity.podUid === podUid) return;
    const { identity } = seat;
    const alive = this.options.now() - seat.lastSeen < aliveMs || (await this.options.reviewer.stillValid(identity));
    if (alive) throw new Refused(status.ALREADY_EXISTS, `node ${node} already has an agent: pod ${identity.pod}`);
  }

  open(session: AgentSession<AgentIdentity>): SessionHandlers<AgentIdentity> {
    const { node, pod } = session.identity;
    const seat = this.seats.get(node) ?? { session: undefined, identity: session.identity, claims: this.claimsOf(node), reporter: undefined, lastSeen: 0 };
    seat.session?.close(`pod ${pod} speaks for node ${node} now`);
    seat.session = session;
    seat.identity = session.identity;
    seat.lastSeen = this.options.now();
    this.seats.set(node, seat);
    this.options.log('info', `agent of node ${node} connected: pod ${pod}, kernel ${session.hello.kernel}, version ${session.hello.agentVersion}`);
    if (this.order !== undefined) session.send(this.order);
    this.options.onChange(node);
    return {
      onIdentity: (identity) => {
        if (identity.node !== node || identity.podUid !== session.identity.podUid) throw new NotAuthenticated(`the fresh token is that of pod ${identity.pod} on node ${identity.node}`);
        if (seat.session === session) seat.identity = identity;
      },
      onReport: (report) => {
        if (seat.session !== session) return;
        seat.claims.take(report);
        seat.reporter = session.identity.podUid;
        seat.lastSeen = this.options.now();
        this.options.onChange(node);
      },
      onWatched: (watched) => void (seat.session === session && this.options.onWatched?.(node, seat.claims.rowsOf(watched))),
      onClose: (reason) => {
        if (seat.session !== session) return;
        seat.session = undefined;
        seat.lastSeen = this.options.now();
        this.options.log('info', `agent of node ${node} disconnected: ${reason}`);
        this.options.onChange(node);
        this.options.onWatched?.(node, undefined);
      },
    };
  }

  private claimsOf(node: string): Claims {
    const { podsOn, now, log, onChange } = this.options;
    return new Claims({ node, look: (namespaces) => podsOn(node, namespaces, this.selected), selected: () => this.selected, now, log, onJudged: () => onChange(node) });
  }

  /** Sends an order to every agent, and to those that come later. */
  broadcast(order: Order): void {
    this.order = order;
    // While everything is given back, what is still accelerated counts as before.
    if (!order.remove) this.selected = new Set(order.namespaces);
    this.sendOn(order, [...this.seats.values()].flatMap(({ session }) => session ?? []));
  }

  /** A stream that has ended meanwhile sends nothing; one that was opened meanwhile has had the order. */
  private sendOn(order: Order, sessions: readonly AgentSession<AgentIdentity>[]): void {
    if (this.order !== order) return;
    let [bytes, sent] = [0, 0];
    for (; sent < sessions.length && bytes < bytesAtOnce; sent += 1) bytes += sessions[sent]?.send(order) ?? 0;
    const rest = sessions.slice(sent);
    if (rest.length > 0) setImmediate(() => this.sendOn(order, rest));
  }

  /** Who can be asked for live data, and whose streams are missing. */
  liveAgents(): LiveAgent[] {
    return [...this.seats].map(([node, { session, claims }]) => ({
      node,
      namespaces: !claims.checked ? undefined : claims.report?.namespaces.filter(({ podsSelected }) => podsSelected > 0).map(({ name }) => name),
      stream: session === undefined ? undefined : { answersWatch: session.hello.live, watch: (watch) => session.watch(watch) },
    }));
  }

  /** What is known of each node, nodes without an agent for long left out. */
  states(): AgentState[] {
    const now = this.options.now();
    for (const [node, seat] of this.seats) {
      if (seat.session !== undefined || now - seat.lastSeen <= keepMs) continue;
      seat.claims.close();
      this.seats.delete(node);
    }
    return [...this.seats].map(([node, seat]) => ({
      node,
      connected: seat.session !== undefined,
      report: seat.claims.report,
      podUid: seat.reporter,
      checked: seat.claims.checked,
      lie: seat.claims.lie,
      ageMs: now - seat.lastSeen,
    }));
  }
}
