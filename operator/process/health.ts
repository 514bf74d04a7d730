// The HTTP server for probes of the kubelet (/healthz, /readyz) and for Prometheus (/metrics).
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createListener, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { errorMessage } from '../base';
import { addressOf, Admission, type AdmissionLimits, FairPlaces, peerOf } from '../ports';

/**
 * Any client in the cluster can reach this port, and the kubelet does not authenticate. So a connection counts as proven as soon as its
 * request has been read, and connections without a request are ended first, the oldest of the address with most of them. More connections
 * may wait than the kernel's backlog holds, so that a probe is read before connections that arrived with it can end it.
 */
const limits: AdmissionLimits = {
  waiting: 3072,
  unproven: { all: 64, lead: 0 },
  quietSeconds: 3,
  unprovenSeconds: 5,
  waitingSeconds: 5,
  proven: 128,
};
/** The listen backlog, which net.core.somaxconn bounds. Node's 511 overflow when a thousand connect at once; a probe then is a second late. */
const backlog = 2048;
/** Most connections to which metrics are sent: a client that does not read keeps the long text in memory. Probes do not count here. */
const metricReaders = { all: 8, lead: 0 };
/** Most milliseconds for an answer: Prometheus' default scrape_timeout is ten seconds as well. */
const answerMs = 10_000;
const [letterA, letterZ] = [0x41, 0x5a];

export interface HealthChecks {
  /** False when the process no longer does its work: the kubelet then restarts the container. */
  readonly alive: () => boolean;
  /** Why the process is not ready; undefined when it is. */
  readonly unready: () => string | undefined;
  readonly metrics: Registry;
}

export interface HealthServer {
  /** The port that it listens at; useful when it was asked for port 0. */
  readonly port: number;
  close(): void;
}

/** Serves the port until `close`. @throws Error (rejection) when the process cannot listen at the port */
export function serveHealth(port: number, checks: HealthChecks): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const { socket } = request;
    // One request per connection, as the kubelet's probes do it, so that no client keeps a connection open after its answer. This function
    // is not called for further ones, which a client can send without waiting for the answer.
    response.shouldKeepAlive = false;
    const peer = peerOf(socket);
    if (peer === undefined || !admission.markProven(peer)) return;
    const late = setTimeout(() => socket.destroy(), answerMs);
    socket.once('close', () => clearTimeout(late));
    if (request.url === '/metrics') readMetrics(addressOf(peer), socket);
    answer(request, checks, text).then(
      ({ code, type, body }) => response.writeHead(code, { 'content-type': type }).end(body),
      (error: unknown) => fail(response, error),
    );
  });
  server.maxRequestsPerSocket = 1;
  const text = sharedText(() => checks.metrics.metrics());
  const readers = new FairPlaces<Socket>(metricReaders, { onLost: (socket) => void socket.destroy() });
  const readMetrics = (address: string, socket: Socket): void => {
    readers.take(address, socket);
    socket.once('close', () => readers.giveBack(address, socket));
  };
  const admission = new Admission(limits, {
    onAdmitted: (socket) => server.emit('connection', socket),
    begins: ([first = 0]) => first >= letterA && first <= letterZ,
  });
  return listening(admission, port);
}

/**
 * Shares one text among all requests that arrive while it is made. After each text it rests three times as long as making it took, so that
 * metrics of a thousand namespaces take a quarter of the CPU at most.
 */
function sharedText(make: () => Promise<string>): () => Promise<string> {
  let making: Promise<string> | undefined;
  let restUntil = 0;
  const next = async (): Promise<string> => {
    try {
      await pause(Math.max(0, restUntil - performance.now()));
      const began = performance.now();
      const text = await make();
      const ended = performance.now();
      restUntil = ended + 3 * (ended - began);
      return text;
    } finally {
      making = undefined;
    }
  };
  return () => (making ??= next());
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

async function answer(request: IncomingMessage, { alive, unready, metrics }: HealthChecks, metricsText: () => Promise<string>): Promise<Answer> {
  const text = (code: number, body: string): Answer => ({ code, type: 'text/plain', body: `${body}\n` });
  if (request.method !== 'GET') return text(405, 'this port answers GET only');
  switch (request.url ?? '') {
    case '/healthz':
      return alive() ? text(200, 'ok') : text(500, 'the process does not do its work any more; restart it');
    case '/readyz': {
      const why = unready();
      return why === undefined ? text(200, 'ok') : text(503, why);
    }
    case '/metrics':
      return { code: 200, type: metrics.contentType, body: await metricsText() };
    default:
      return text(404, 'this port serves /healthz, /readyz and /metrics');
  }
}

function fail(response: ServerResponse, error: unknown): void {
  response.writeHead(500, { 'content-type': 'text/plain' }).end(`answering the request: ${errorMessage(error)}\n`);
}

function listening(admission: Admission, port: number): Promise<HealthServer> {
  const listener = createListener((socket) => admission.take(socket));
  return new Promise((resolve, reject) => {
    listener.once('error', (error) => reject(new Error(`listen for probes and metrics at port ${port}: ${error.message}`)));
    listener.listen({ port, backlog }, () => {
      resolve({
        port: (listener.address() as AddressInfo).port,
        close: () => {
          listener.close();
          admission.cut();
        },
      });
    });
  });
}
