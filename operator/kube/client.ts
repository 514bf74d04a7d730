// Requests to an API server with JSON bodies, a time limit for each request, and an ApiError for each failure.
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { errorLine } from '../base';
import { connectionOf, type Connection, type KubeConfig } from './config';
import { ApiError, errorOf } from './errors';
import { linesOf } from './lines';

export { ApiError } from './errors';
export { loadKubeConfig } from './config';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = Readonly<Record<string, string>>;

export interface RequestOptions {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Content type of the body; default application/json. */
  readonly contentType?: string;
  /** The Accept header; default application/json. The answer is parsed as JSON in any case. */
  readonly accept?: string;
  /** Most milliseconds until the whole answer was read; default 15 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called when the connection is established and before the first byte is sent. An error that it throws ends the request. */
  readonly beforeSending?: () => void;
}

export interface StreamOptions {
  readonly query?: Query;
  /** Ends the stream, without an error. */
  readonly signal: AbortSignal;
  /** Most milliseconds until the head of the answer was read; default 15 s. */
  readonly connectTimeoutMs?: number;
}

export interface KubeClient {
  /**
   * Sends a request and returns the parsed JSON of the answer.
   * @param path from the root, as in `/api/v1/nodes`
   * @throws ApiError, with code 0 when there was no answer
   */
  request(method: Method, path: string, options?: RequestOptions): Promise<unknown>;
  /**
   * Yields each line of a watch's answer, parsed, until the server ends the watch. The time between lines has no limit: the caller must
   * notice a dead connection and abort the signal.
   * @throws ApiError
   */
  stream(path: string, options: StreamOptions): AsyncIterable<unknown>;
}

const defaultTimeoutMs = 15_000;

export interface ClientOptions {
  /** Called for every request when its answer begins; the code is 0 when there was no answer. */
  readonly onAnswer?: (method: Method, code: number) => void;
  /** Called when a request got no answer in its time: watches on other connections may be dead as well. */
  readonly onNoAnswer?: () => void;
}

/** A client with the credentials of the configuration's current context. */
export function kubeClient(config: KubeConfig, { onAnswer = () => undefined, onNoAnswer = () => undefined }: ClientOptions = {}): KubeClient {
  const connection = connectionOf(config);
  const unanswered = (): void => {
    connection.dropIdle();
    onNoAnswer();
  };
  const opened: Open = async (method, path, options, signal) => {
    try {
      const response = await open(connection, method, path, options, signal);
      onAnswer(method, response.statusCode ?? 0);
      return response;
    } catch (error) {
      onAnswer(method, 0);
      throw error;
    }
  };
  return {
    request: (method, path, options) => request(opened, unanswered, method, path, options),
    stream: (path, options) => stream(connection, opened, path, options),
  };
}

type Open = (method: Method, path: string, options: RequestOptions, signal: AbortSignal) => Promise<IncomingMessage>;

async function request(opened: Open, unanswered: () => void, method: Method, path: string, options: RequestOptions = {}): Promise<unknown> {
  const { timeoutMs = defaultTimeoutMs } = options;
  const doing = `${method} ${path}`;
  const late = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? late : AbortSignal.any([late, options.signal]);
  try {
    const response = await opened(method, path, options, signal);
    const text = await textOf(response);
    const code = response.statusCode ?? 0;
    if (code >= 400) throw errorOf(doing, code, parsedOrText(text), response.headers['retry-after']);
    return parsed(doing, text);
  } catch (error) {
    if (!late.aborted) throw asApiError(doing, error);
    unanswered();
    throw new ApiError(`${doing}: no answer within ${timeoutMs} ms`, 0, '');
  }
}

async function* stream(connection: Connection, opened: Open, path: string, options: StreamOptions): AsyncGenerator<unknown, void, undefined> {
  const { signal, connectTimeoutMs = defaultTimeoutMs } = options;
  const doing = `GET ${path} as a stream`;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), connectTimeoutMs);
  let response: IncomingMessage | undefined;
  try {
    response = await opened('GET', path, options, AbortSignal.any([signal, late.signal]));
    const code = response.statusCode ?? 0;
    if (code >= 400) throw errorOf(doing, code, parsedOrText(await textOf(response)), response.headers['retry-after']);
    clearTimeout(timer);
    for await (const line of linesOf(response)) yield parsed(doing, line);
  } catch (error) {
    if (signal.aborted) return;
    if (!late.signal.aborted) throw asApiError(doing, error);
    connection.dropIdle();
    throw new ApiError(`${doing}: no answer within ${connectTimeoutMs} ms`, 0, '');
  } finally {
    clearTimeout(timer);
    response?.destroy();
  }
}

/** Sends the request, and resolves when the head of the answer was read. */
async function open(connection: Connection, method: Method, path: string, options: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const url = new URL(connection.server + path);
  for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
  const text = options.body === undefined ? undefined : JSON.stringify(options.body);
  const secured = await connection.options();
  const headers = {
    ...secured.headers,
    accept: options.accept ?? 'application/json',
    'user-agent': 'sidecar-acceleration',
    ...(text === undefined ? {} : { 'content-type': options.contentType ?? 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
  };
  const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
  const attempt = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const sent = send(url, { ...secured, method, headers, signal }, resolve);
      sent.on('error', (error) => reject(error instanceof ApiError ? error : new SendError(error, sent)));
      sent.once('socket', (socket) => whenConnected(socket, () => finish(sent, text, options.beforeSending)));
    });
  try {
    return await attempt();
  } catch (error) {
    // The server may close a kept connection in the moment in which it is used again. A GET changes nothing, so it is simply repeated.
    if (method === 'GET' && !signal.aborted && error instanceof SendError && error.reused) return attempt();
    throw error;
  }
}

/** Sends the body unless `beforeSending` throws: since the request began, credentials were read and a connection was established. */
function finish(sent: ClientRequest, text: string | undefined, beforeSending: () => void = () => undefined): void {
  try {
    beforeSending();
    sent.end(text);
  } catch (error) {
    sent.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function whenConnected(socket: Socket, call: () => void): void {
  // A TLS socket is connected before its handshake has ended. Its property secureConnecting is not in the types (lib/_tls_wrap.js).
  const tls = 'secureConnecting' in socket;
  if (tls ? socket.secureConnecting === true : socket.connecting) socket.once(tls ? 'secureConnect' : 'connect', call);
  else call();
}

class SendError extends Error {
  readonly reused: boolean;

  constructor(cause: Error, sent: ClientRequest) {
    super(cause.message || ('code' in cause ? String(cause.code) : cause.name), { cause });
    this.reused = sent.reusedSocket && 'code' in cause && cause.code === 'ECONNRESET';
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(doing: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(`${doing}: the answer is not JSON: ${text.slice(0, 200)}`, 0, '');
  }
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function asApiError(doing: string, error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(`${doing}: ${errorLine(error)}`, 0, '');
}
