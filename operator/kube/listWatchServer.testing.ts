// For tests: an HTTP server on loopback with paged lists and watches like an API server's, and with faults that the test sets.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from './config';
import { kubeClient, type KubeClient } from './client';

export interface Stored {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly value: number;
}

interface WatchEventLine {
  readonly type: string;
  readonly object: unknown;
}

interface Watcher {
  readonly response: ServerResponse;
  deaf: boolean;
}

/** The fault of one request. */
export type Fault =
  | { readonly kind: 'status'; readonly code: number; readonly reason?: string; readonly retryAfter?: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'garbage' };

export const collection = '/api/v1/things';

export class ListWatchServer {
  readonly objects = new Map<string, Stored>();
  /** Every request's method and URL, in order. */
  readonly requests: string[] = [];
  /** Faults of the next requests, one each. */
  readonly faults: Fault[] = [];
  private readonly server = createServer((request, response) => this.answer(request, response));
  private readonly watchers = new Set<Watcher>();
  private readonly snapshots = new Map<string, readonly Stored[]>();
  private history: { readonly version: number; readonly line: WatchEventLine }[] = [];
  private version = 100;
  private compacted = 0;

  async start(): Promise<KubeClient> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address() as AddressInfo;
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'test', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }, { name: 'test', token: 'secret' });
    return kubeClient(config);
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  get openWatches(): number {
    return this.watchers.size;
  }

  put(name: string, value: number): void {
    const key = `ns/${name}`;
    const type = this.objects.has(key) ? 'MODIFIED' : 'ADDED';
    const object = this.thing(name, value);
    this.objects.set(key, object);
    this.record({ type, object });
  }

  delete(name: string): void {
    const known = this.objects.get(`ns/${name}`);
    if (known === undefined) return;
    this.objects.delete(`ns/${name}`);
    this.record({ type: 'DELETED', object: this.thing(name, known.value) });
  }

  /** Sends one of the last events again, as a defective server would. */
  repeat(back: number): void {
    const event = this.history.at(-1 - back);
    if (event !== undefined) this.send(event.line);
  }

  bookmark(): void {
    this.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.version) } } });
  }

  /** Sends a line on every open watch. */
  send(line: WatchEventLine | string): void {
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    for (const { response, deaf } of this.watchers) if (!deaf && !response.writableEnded) response.write(`${text}\n`);
  }

  /** Ends every open watch without an error. */
  endWatches(): void {
    for (const { response } of this.watchers) response.end();
  }

  resetConnections(): void {
    for (const { response } of this.watchers) response.socket?.resetAndDestroy();
  }

  /** Open watches get nothing any more, and their connections stay open. */
  deafen(): void {
    for (const watcher of this.watchers) watcher.deaf = true;
  }

  /** Forgets its history: watches from earlier versions and further pages of lists are answered with 410. */
  compact(): void {
    this.compacted = this.version;
    this.history = [];
    this.snapshots.clear();
  }

  expireWatches(): void {
    this.send({ type: 'ERROR', object: statusOf(410, 'Expired') });
    this.endWatches();
  }

  private thing(name: string, value: number): Stored {
    this.version += 1;
    return { metadata: { name, namespace: 'ns', resourceVersion: String(this.version) }, value };
  }

  private record(line: WatchEventLine): void {
    this.history.push({ version: this.version, line });
    this.send(line);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://test');
    this.requests.push(`${request.method} ${request.url}`);
    const fault = this.faults.shift();
    if (fault?.kind === 'reset') request.socket.resetAndDestroy();
    else if (fault?.kind === 'garbage') response.end('<html>');
    else if (fault?.kind === 'status') refuse(response, fault.code, fault.reason, fault.retryAfter);
    else if (url.searchParams.has('watch')) this.watch(url, response);
    else this.list(url, response);
  }

  private list(url: URL, response: ServerResponse): void {
    const [id = '', from = '0'] = (url.searchParams.get('continue') ?? `${this.version}:0`).split(':');
    if (from === '0') this.snapshots.set(id, [...this.objects.values()]);
    const all = this.snapshots.get(id);
    if (all === undefined) return refuse(response, 410, 'Expired');
    const end = Number(from) + Number(url.searchParams.get('limit') ?? all.length);
    const metadata = { resourceVersion: id, ...(end < all.length ? { continue: `${id}:${end}` } : {}) };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind: 'ThingList', metadata, items: all.slice(Number(from), end) }));
  }

  private watch(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('resourceVersion'));
    if (from < this.compacted) return refuse(response, 410, 'Expired');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const { version, line } of this.history) if (version > from) response.write(`${JSON.stringify(line)}\n`);
    const watcher = { response, deaf: false };
    this.watchers.add(watcher);
    response.on('close', () => this.watchers.delete(watcher));
  }
}

function refuse(response: ServerResponse, code: number, reason = '', retryAfter?: string): void {
  response.writeHead(code, { 'content-type': 'application/json', ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) });
  response.end(JSON.stringify(statusOf(code, reason)));
}

export function statusOf(code: number, reason: string): unknown {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: `the test set status ${code}`, reason, code };
}

/** Waits until the condition holds; the test's own time limit is the limit. */
export async function until(holds: () => boolean, limitMs = 15_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`a condition did not come to hold within ${limitMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
