// Keeps a store equal to what the API server has: list in pages, watch with bookmarks, and come back from every failure.
import { backoffMs } from '../base';
import type { KubeClient } from './client';
import { systemClock, type Clock, type Random } from './clock';
import { ApiError, isExpired, messageOf } from './errors';
import { Silence } from './silence';
import { Store } from './store';
import { identify, isOlder, pageOf, watchEventOf, type Identified, type WatchEvent } from './watchEvent';

/** The least that every Kubernetes object has. */
export interface KubeObject {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined; readonly resourceVersion?: string | undefined };
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: KubeClient;
  /** Of the collection, as in `/api/v1/nodes`. */
  readonly path: string;
  /** Selectors, for the list and for the watch. */
  readonly query?: Readonly<Record<string, string>>;
  /** Keeps of an object what is needed. What it throws is logged: a new object is left out, a known one keeps its last readable state. */
  readonly parse: (raw: unknown) => T;
  /** Hears of every change, after `get` and `list` show it; undefined for a deletion. What it throws is logged. */
  readonly onChange: (key: string, object: T | undefined) => void;
  readonly log?: (level: 'info' | 'warn', message: string) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

const pageSize = 500;
const listTimeoutMs = 60_000;
/** The server is asked to end a watch after 5 to 10 minutes, so that watches do not all end together. */
const shortestWatchSeconds = 300;
/** Beyond its own end a watch gets this long before it is taken for dead. */
const watchGraceMs = 30_000;
/**
 * A server that sends bookmarks sends one about every minute (cacher.go: bookmarkFrequency); three missing mean a dead watch, or a
 * kind of which nothing is newer than the last one (cache_watcher.go: process): then a watch is begun anew for nothing.
 */
const bookmarkSilenceMs = 180_000;
/** client-go's values for reflectors (reflector.go). */
const backoff = { firstMs: 800, maxMs: 30_000 };
/** A watch that lived this long was healthy: the next failure is the first again. */
const healthyMs = 30_000;
/** A server that asks for more is asked again nevertheless: it may have been wrong. */
const longestRetryAfterMs = 120_000;
/** After so many refusals of one watch the version itself is in doubt (a restored etcd: "too large resource version"). */
const refusalsBeforeRelist = 3;

export class Reflector<T extends KubeObject> {
  private readonly options: ReflectorOptions<T>;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly store: Store<T>;
  private tellSynced: () => void = () => undefined;
  /** Aborted and replaced by whoever wants what the server has now. */
  private interruption = new AbortController();
  /** Of those that wait for a list which begins after they asked. */
  private tellRefreshed: (() => void)[] = [];
  private complete = false;
  private sendsBookmarks = false;
  /** Where the next watch begins; undefined when a list must come first. */
  private version: string | undefined;
  private failures = 0;
  private refusals = 0;
  private listening: Silence | undefined;

  /** Resolves after the first complete list. Also when `run` ends before, so that nobody waits for ever: `hasSynced` tells. */
  readonly synced = new Promise<void>((resolve) => (this.tellSynced = resolve));

  constructor(options: ReflectorOptions<T>) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
    this.store = new Store({ parse: options.parse, onChange: options.onChange, onProblem: (problem) => this.log('warn', problem) });
  }

  /** True after the first complete list, and from then on. */
  get hasSynced(): boolean {
    return this.complete;
  }

  /**
   * Lists anew: a watch may have been dead for minutes without anybody noticing. Resolves when the store holds a list that began
   * after this call, or when `run` ends.
   */
  refresh(): Promise<void> {
    this.version = undefined;
    const refreshed = new Promise<void>((resolve) => this.tellRefreshed.push(resolve));
    this.interruption.abort();
    this.interruption = new AbortController();
    return refreshed;
  }

  /** Begins a watch that is open anew where it is, which costs one request: it may be as dead as another connection was found to be. */
  doubt(): void {
    this.listening?.doubt('another request got no answer');
  }

  /** @param key `namespace/name`, or `name` for an object of the cluster */
  get(key: string): T | undefined {
    return this.store.get(key);
  }

  list(): readonly T[] {
    return this.store.list();
  }

  /** Runs until the signal is given. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const failure = await this.cycle(signal);
      if (signal.aborted) break;
      if (failure !== undefined) await this.recover(failure, signal);
    }
    this.tellSynced();
    this.tellAllRefreshed();
  }

  /** Lists if need be, then watches until the watch ends; returns why it did not go well. */
  private async cycle(signal: AbortSignal): Promise<Failure | undefined> {
    const interrupted = this.interruption.signal;
    const until = AbortSignal.any([signal, interrupted]);
    let watchedSince: number | undefined;
    try {
      if (this.version === undefined) {
        const version = await this.relist(until);
        if (interrupted.aborted) return undefined; // it began before somebody wanted news
        this.version = version;
        this.tellAllRefreshed();
      }
      watchedSince = this.clock.now();
      await this.watch(this.version, until);
      if (interrupted.aborted) return undefined;
      if (this.clock.now() - watchedSince < healthyMs) return { cause: new Error('the server ended the watch early'), watching: true };
      this.failures = 0;
      return undefined;
    } catch (cause) {
      if (interrupted.aborted) return undefined;
      if (watchedSince !== undefined && this.clock.now() - watchedSince >= healthyMs) this.failures = 0;
      return { cause, watching: watchedSince !== undefined };
    }
  }

  /** Decides where to go on, and waits before that. */
  private async recover({ cause, watching }: Failure, signal: AbortSignal): Promise<void> {
    this.failures += 1;
    const refused = watching && cause instanceof ApiError && cause.code >= 400 && cause.code !== 429;
    this.refusals = refused ? this.refusals + 1 : 0;
    if (isExpired(cause) || this.refusals >= refusalsBeforeRelist) {
      this.version = undefined;
      this.refusals = 0;
    }
    const asked = cause instanceof ApiError ? Math.min(cause.retryAfterMs ?? 0, longestRetryAfterMs) : 0;
    // Jitter on top of what the server asks: it tells all of its clients the same.
    const waitMs = Math.max(asked * (1 + 0.25 * this.random()), backoffMs(backoff, this.failures, this.random));
    this.log(isExpired(cause) ? 'info' : 'warn', `${messageOf(cause)}; again in ${Math.round(waitMs)} ms`);
    await this.clock.sleep(waitMs, AbortSignal.any([signal, this.interruption.signal]));
  }

  private tellAllRefreshed(): void {
    for (const tell of this.tellRefreshed.splice(0)) tell();
  }

  /** Replaces the store by what the server has; returns the version to watch from. */
  private async relist(signal: AbortSignal): Promise<string> {
    try {
      return await this.listIn(signal, String(pageSize));
    } catch (error) {
      // A continue token expires when the list takes longer than etcd keeps versions: then one answer must hold it all.
      if (!isExpired(error)) throw error;
      return this.listIn(signal, undefined);
    }
  }

  private async listIn(signal: AbortSignal, limit: string | undefined): Promise<string> {
    const { client, path } = this.options;
    const listed: Identified[] = [];
    let next: string | undefined;
    for (;;) {
      const query = { ...this.options.query, ...(limit === undefined ? {} : { limit }), ...(next === undefined ? {} : { continue: next }) };
      const page = pageOf(`listing ${path}`, await client.request('GET', path, { query, signal, timeoutMs: listTimeoutMs }));
      for (const item of page.items) listed.push(...this.identified(item));
      next = page.next;
      if (next !== undefined) continue;
      this.store.replace(listed);
      this.complete = true;
      this.tellSynced();
      return page.version;
    }
  }

  /** Follows changes until the server ends the watch. @throws ApiError */
  private async watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, path } = this.options;
    const timeoutSeconds = Math.round(shortestWatchSeconds * (1 + this.random()));
    const query = { ...this.options.query, watch: 'true', allowWatchBookmarks: 'true', resourceVersion: from, timeoutSeconds: String(timeoutSeconds) };
    const silence = new Silence(this.clock, () => (this.sendsBookmarks ? bookmarkSilenceMs : timeoutSeconds * 1000 + watchGraceMs));
    this.listening = silence;
    try {
      for await (const line of client.stream(path, { query, signal: AbortSignal.any([signal, silence.signal]) })) {
        if (signal.aborted) return;
        this.take(watchEventOf(`watching ${path}`, line));
        silence.broken();
      }
      if (silence.signal.aborted) throw new ApiError(`watching ${path}: ${String(silence.signal.reason)}, taken for dead`, 0, '');
    } finally {
      this.listening = undefined;
      silence.end();
    }
  }

  private take(event: WatchEvent): void {
    this.refusals = 0;
    if (event.type === 'BOOKMARK') {
      this.sendsBookmarks = true;
      this.version = event.version;
      return;
    }
    for (const item of this.identified(event.object)) {
      // Sent twice: what came since then counts. Not older but equal is possible, when one write changes several objects.
      if (this.version !== undefined && isOlder(item.version, this.version)) continue;
      if (event.type === 'DELETED') this.store.delete(item);
      else this.store.set(item);
      if (item.version !== '') this.version = item.version;
    }
  }

  /** None for what has no name. */
  private identified(raw: unknown): readonly Identified[] {
    const item = identify(raw);
    if (item === undefined) this.log('warn', `an object without a name is left out: ${(JSON.stringify(raw) ?? '').slice(0, 100)}`);
    return item === undefined ? [] : [item];
  }

  private log(level: 'info' | 'warn', message: string): void {
    this.options.log?.(level, `reflecting ${this.options.path}: ${message}`);
  }
}

interface Failure {
  readonly cause: unknown;
  /** Failed while it watched, not while it listed. */
  readonly watching: boolean;
}
