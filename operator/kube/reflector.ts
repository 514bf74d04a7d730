// Keeps a store equal to the objects of the API server: lists them in pages, watches them with bookmarks, and recovers from every failure.
import { backoffMs, errorLine } from '../base';
import type { KubeClient } from './client';
import { systemClock, type Clock, type Random } from './clock';
import { ApiError, isExpired } from './errors';
import { Silence } from './silence';
import { Store } from './store';
import { identify, isOlder, pageOf, watchEventOf, type Identified, type WatchEvent } from './watchEvent';

/** The fields that every Kubernetes object has. */
export interface KubeObject {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined; readonly resourceVersion?: string | undefined };
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: KubeClient;
  /** Path of the collection, such as `/api/v1/nodes`. */
  readonly path: string;
  /** Selectors for the list and for the watch. */
  readonly query?: Readonly<Record<string, string>>;
  /** Reads the needed fields of an object. When it throws, that is logged: a new object is left out, a known one keeps its last readable state. */
  readonly parse: (raw: unknown) => T;
  /** Called for every change, after `get` and `list` show it; `object` is undefined for a deletion. When it throws, that is logged. */
  readonly onChange: (key: string, object: T | undefined) => void;
  readonly log?: (level: 'info' | 'warn', message: string) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

const pageSize = 500;
const listTimeoutMs = 60_000;
/** The server is asked to end a watch after 5 to 10 minutes, at random, so that watches do not all end together. */
const shortestWatchSeconds = 300;
/** Milliseconds after the end of its time after which a watch is considered dead. */
const watchGraceMs = 30_000;
/**
 * Milliseconds without an event after which a watch of a server that sends bookmarks is considered dead. Such a server sends a bookmark about
 * every minute (cacher.go: bookmarkFrequency), but none while no object of the kind has changed since the last one (cache_watcher.go:
 * process). In that case a watch that works is begun again, which does no harm.
 */
const bookmarkSilenceMs = 180_000;
/** The back-off of client-go's reflectors (reflector.go). */
const backoff = { firstMs: 800, maxMs: 30_000 };
/** Milliseconds after which a watch counts as healthy, so that the next failure counts as the first. */
const healthyMs = 30_000;
/** The longest time that is waited because of Retry-After, in milliseconds. */
const longestRetryAfterMs = 120_000;
/** Refusals of a watch in a row after which objects are listed again: the version may be wrong (restored etcd: "too large resource version"). */
const refusalsBeforeRelist = 3;

export class Reflector<T extends KubeObject> {
  private readonly options: ReflectorOptions<T>;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly store: Store<T>;
  private tellSynced: () => void = () => undefined;
  /** Aborted and replaced by `refresh`. */
  private interruption = new AbortController();
  /** Resolves the promises of `refresh`. */
  private tellRefreshed: (() => void)[] = [];
  private complete = false;
  private sendsBookmarks = false;
  /** The version from which the next watch begins; undefined when a list must come first. */
  private version: string | undefined;
  private failures = 0;
  private refusals = 0;
  private listening: Silence | undefined;

  /** Resolves after the first complete list, or when `run` ends before that; `hasSynced` says which. */
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
   * Lists again, because a watch may have been dead for minutes unnoticed. Resolves when the store has a list that began after this call, or
   * when `run` ends.
   */
  refresh(): Promise<void> {
    this.version = undefined;
    const refreshed = new Promise<void>((resolve) => this.tellRefreshed.push(resolve));
    this.interruption.abort();
    this.interruption = new AbortController();
    return refreshed;
  }

  /** Ends an open watch and begins it again from its last version, because another connection was found dead. It costs one request. */
  doubt(): void {
    this.listening?.doubt('another request got no answer');
  }

  /** The object of a key: `namespace/name`, or `name` for a cluster-scoped object. */
  get(key: string): T | undefined {
    return this.store.get(key);
  }

  list(): readonly T[] {
    return this.store.list();
  }

  /** Runs until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const failure = await this.cycle(signal);
      if (signal.aborted) break;
      if (failure !== undefined) await this.recover(failure, signal);
    }
    this.tellSynced();
    this.tellAllRefreshed();
  }

  /** Lists if there is no version, then watches until the watch ends. Returns the failure, if any. */
  private async cycle(signal: AbortSignal): Promise<Failure | undefined> {
    const interrupted = this.interruption.signal;
    const until = AbortSignal.any([signal, interrupted]);
    let watchedSince: number | undefined;
    try {
      if (this.version === undefined) {
        const version = await this.relist(until);
        if (interrupted.aborted) return undefined; // this list began before `refresh` was called
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

  /** Decides whether to watch or to list next, and waits before that. */
  private async recover({ cause, watching }: Failure, signal: AbortSignal): Promise<void> {
    this.failures += 1;
    const refused = watching && cause instanceof ApiError && cause.code >= 400 && cause.code !== 429;
    this.refusals = refused ? this.refusals + 1 : 0;
    if (isExpired(cause) || this.refusals >= refusalsBeforeRelist) {
      this.version = undefined;
      this.refusals = 0;
    }
    const asked = cause instanceof ApiError ? Math.min(cause.retryAfterMs ?? 0, longestRetryAfterMs) : 0;
    // With jitter on top of Retry-After, since the server gives all of its clients the same value.
    const waitMs = Math.max(asked * (1 + 0.25 * this.random()), backoffMs(backoff, this.failures, this.random));
    this.log(isExpired(cause) ? 'info' : 'warn', `${errorLine(cause)}; trying again in ${Math.round(waitMs)} ms`);
    await this.clock.sleep(waitMs, AbortSignal.any([signal, this.interruption.signal]));
  }

  private tellAllRefreshed(): void {
    for (const tell of this.tellRefreshed.splice(0)) tell();
  }

  /** Replaces the content of the store by a list; returns the version from which to watch. */
  private async relist(signal: AbortSignal): Promise<string> {
    try {
      return await this.listIn(signal, String(pageSize));
    } catch (error) {
      // A continue token expires when the list takes longer than etcd keeps old versions. Then everything is listed in one answer.
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
      for (const item of page.items) for (const each of this.identified(item)) listed.push(each);
      next = page.next;
      if (next !== undefined) continue;
      this.store.replace(listed);
      this.complete = true;
      this.tellSynced();
      return page.version;
    }
  }

  /** Takes events until the server ends the watch. @throws ApiError */
  private async watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, path } = this.options;
    const timeoutSeconds = Math.round(shortestWatchSeconds * (1 + this.random()));
    const query = {
      ...this.options.query,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(timeoutSeconds),
    };
    const silence = new Silence(this.clock, () => (this.sendsBookmarks ? bookmarkSilenceMs : timeoutSeconds * 1000 + watchGraceMs));
    this.listening = silence;
    try {
      for await (const line of client.stream(path, { query, signal: AbortSignal.any([signal, silence.signal]) })) {
        if (signal.aborted) return;
        this.take(watchEventOf(`watching ${path}`, line));
        silence.broken();
      }
      if (silence.signal.aborted) throw new ApiError(`watching ${path}: ${String(silence.signal.reason)}; the watch is considered dead`, 0, '');
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
      // An older event was sent twice and is skipped. An equal version is possible when one write changes several objects.
      if (this.version !== undefined && isOlder(item.version, this.version)) continue;
      if (event.type === 'DELETED') this.store.delete(item);
      else this.store.set(item);
      if (item.version !== '') this.version = item.version;
    }
  }

  /** The object with its key, or nothing for an object without a name. */
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
  /** True when the watch failed, false when the list failed. */
  readonly watching: boolean;
}
