// Answers what the controller asks about the connections of this node: once, or with what happens until it is told to stop.
import { type Connection, type LiveEvent, maxLiveRows, maxWatches, type Watch, type Watched, watchMs } from '../../protocol';
import type { LocalPod } from '../cri/sandbox';
import { busiest, changes, connectionOf, trafficOf } from './connection';
import type { LiveReader, PodEnds } from './read';

export interface LiveWatchesParts {
  readonly reader: Pick<LiveReader, 'problem' | 'read'>;
  /** Every pod of the node. */
  readonly pods: () => readonly LocalPod[];
  /** Calls `done` when the next may follow. */
  readonly say: (watched: Watched, done: () => void) => void;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly onDefect: (error: unknown) => void;
}

/** What somebody follows. */
interface Following {
  readonly watch: Watch;
  readonly until: number;
  known: ReadonlyMap<string, Connection> | undefined;
  /** Pods with more connections than are told one by one: of those nothing is known that could be compared. */
  crowded: ReadonlySet<string>;
  /** Being read, or on its way: what happens meanwhile is in the next comparison, so nothing ever queues. */
  busy: boolean;
}

export class LiveWatches {
  private readonly following = new Map<number, Following>();
  private lists = 0;

  constructor(private readonly parts: LiveWatchesParts) {}

  take(watch: Watch): void {
    if (watch.cancel) {
      this.following.delete(watch.id);
    } else if (this.following.size + this.lists >= maxWatches) {
      this.refuse(watch, `${maxWatches} people are looking at this node already; try again later`);
    } else if (watch.events) {
      const started = { watch, until: this.parts.now() + watchMs, known: undefined, crowded: new Set<string>(), busy: false };
      this.following.set(watch.id, started);
      this.guard(this.follow(started));
    } else {
      this.lists++;
      this.guard(this.list(watch).finally(() => this.lists--));
    }
  }

  /** Once a second. */
  tick(): void {
    for (const each of this.following.values()) if (!each.busy) this.guard(this.follow(each));
  }

  /** The stream is gone, and with it what was asked on it. */
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
    this.parts.say({ ...answerTo(watch), pods, connections: listed, omitted: open - listed.length, last: true }, () => undefined);
  }

  /** The first answer only says that somebody is there. */
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
    this.parts.say({ ...answerTo(watch), events: events.slice(0, maxLiveRows), omitted: unfollowed + Math.max(0, events.length - maxLiveRows) }, done);
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
    this.parts.say({ ...answerTo(watch), problem, last: true }, () => undefined);
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

/** What has happened at pods of which everything was known before and is now; remembers what is known now. */
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
