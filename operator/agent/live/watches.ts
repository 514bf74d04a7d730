// Answers the controller's requests for live data: a list of connections once, or their events until the request is cancelled.
import { type Connection, type LiveEvent, maxLiveRows, maxWatches, type Watch, type Watched, watchMs } from '../../protocol';
import type { LocalPod } from '../cri/sandbox';
import { busiest, changes, connectionOf, trafficOf } from './connection';
import type { LiveReader, PodEnds } from './read';

export interface LiveWatchesParts {
  readonly reader: Pick<LiveReader, 'problem' | 'read'>;
  /** Every pod of the node. */
  readonly pods: () => readonly LocalPod[];
  /** Sends an answer, and calls `done` when the next may follow. */
  readonly send: (watched: Watched, done: () => void) => void;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly onDefect: (error: unknown) => void;
}

/** A request for events. */
interface Following {
  readonly watch: Watch;
  readonly until: number;
  known: ReadonlyMap<string, Connection> | undefined;
  /** Pods with more connections than are kept one by one, so that they cannot be compared. */
  crowded: ReadonlySet<string>;
  /** True while connections are read or an answer is being sent. Events of that time are found by the next comparison, so nothing queues. */
  busy: boolean;
}

export class LiveWatches {
  private readonly following = new Map<number, Following>();
  private lists = 0;

  constructor(private readonly parts: LiveWatchesParts) {}

  /** Takes a request or its cancellation. */
  take(watch: Watch): void {
    if (watch.cancel) {
      this.following.delete(watch.id);
    } else if (this.following.size + this.lists >= maxWatches) {
      this.refuse(watch, `the agent already answers ${maxWatches} requests for live data, which is the most; try again later`);
    } else if (watch.events) {
      const started = { watch, until: this.parts.now() + watchMs, known: undefined, crowded: new Set<string>(), busy: false };
      this.following.set(watch.id, started);
      this.guard(this.follow(started));
    } else {
      this.lists++;
      this.guard(this.list(watch).finally(() => this.lists--));
    }
  }

  /** To be called once a second. */
  tick(): void {
    for (const each of this.following.values()) if (!each.busy) this.guard(this.follow(each));
  }

  /** The stream has ended: drops every request. */
  end(): void {
    this.following.clear();
  }

  private async list(watch: Watch): Promise<void> {
    const problem = this.parts.reader.problem();
    if (problem !== undefined) return this.refuse(watch, problem);
    const read = await this.read(watch);
    const connections = this.connectionsOf(read);
    const listed = busiest(connections, Math.min(watch.limit, maxLiveRows));
    const pods = read.slice(0, maxLiveRows).map(trafficOf);
    const open = read.reduce((sum, { sums }) => sum + sums.open, 0);
    this.parts.send({ ...answerTo(watch), pods, connections: listed, omitted: open - listed.length, last: true }, () => undefined);
  }

  /** Sends the events since the last comparison. The first answer has no events, and shows only that the agent answers. */
  private async follow(each: Following): Promise<void> {
    const { watch } = each;
    const over = this.parts.now() >= each.until;
    const problem = this.parts.reader.problem();
    if (problem !== undefined || over) {
      this.following.delete(watch.id);
      return this.refuse(watch, problem ?? '');
    }
    each.busy = true;
    const read = await this.read(watch);
    const crowded = read.filter((pod) => !isWhole(pod));
    const after = new Map(this.connectionsOf(read.filter(isWhole)).map((connection) => [connection.id, connection]));
    const first = each.known === undefined;
    const events = comparable(each, new Set(crowded.map(({ pod }) => nameOf(pod))), after);
    const unfollowed = first ? crowded.reduce((sum, { sums }) => sum + sums.open, 0) : 0;
    const done = (): void => void (each.busy = false);
    if (this.following.get(watch.id) !== each || (events.length === 0 && !first)) return done();
    const omitted = unfollowed + Math.max(0, events.length - maxLiveRows);
    this.parts.send({ ...answerTo(watch), events: events.slice(0, maxLiveRows), omitted }, done);
  }

  private read({ namespace, pod }: Watch): Promise<PodEnds[]> {
    const wanted = this.parts.pods().filter((each) => (namespace === '' || each.namespace === namespace) && (pod === '' || each.name === pod));
    return this.parts.reader.read(wanted);
  }

  private connectionsOf(read: readonly PodEnds[]): Connection[] {
    const byNetns = new Map(this.parts.pods().map((pod) => [pod.netns, pod]));
    return read.flatMap(({ pod, ends }) => ends.map((end) => connectionOf(pod, end, (netns) => byNetns.get(netns))));
  }

  private refuse(watch: Watch, problem: string): void {
    this.parts.send({ ...answerTo(watch), problem, last: true }, () => undefined);
  }

  private guard(work: Promise<void>): void {
    work.catch(this.parts.onDefect);
  }
}

function isWhole({ ends, sums }: PodEnds): boolean {
  return ends.length === sums.open;
}

function nameOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** The events of pods whose connections were all known before and are known now. Stores the connections for the next comparison. */
function comparable(each: Following, crowded: ReadonlySet<string>, after: ReadonlyMap<string, Connection>): LiveEvent[] {
  const { known } = each;
  const left = new Set([...each.crowded, ...crowded]);
  each.known = after;
  each.crowded = crowded;
  if (known === undefined) return [];
  const of = (all: ReadonlyMap<string, Connection>): ReadonlyMap<string, Connection> =>
    left.size === 0 ? all : new Map([...all].filter(([, { namespace, pod }]) => !left.has(`${namespace}/${pod}`)));
  return changes(of(known), of(after));
}

function answerTo({ id }: Watch): Watched {
  return { id, pods: [], connections: [], events: [], omitted: 0, problem: '', last: false };
}
