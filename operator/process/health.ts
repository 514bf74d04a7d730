// Answers the kubelet (/healthz, /readyz) and Prometheus (/metrics).
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createListener, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { addressOf, Admission, type AdmissionLimits, FairPlaces, peerOf } from '../ports';

/**
 * Anybody in the cluster can reach this port, and nobody can show that he is the kubelet. So a request is answered whatever else is
 * connected: connections without one go first, the oldest of the address that has most. More may wait than the kernel accepts at once,
 * so that a probe is read before those that came with it could take its place.
 */
const limits: AdmissionLimits = { waiting: 3072, strangers: { all: 64, lead: 0 }, quietSeconds: 3, strangerSeconds: 5, waitingSeconds: 5, known: 128 };
/** Of the kernel, with net.core.somaxconn: Node's 511 are full when a thousand come at once, and a probe would be heard a second later. */
const backlog = 2048;
/** Metrics are long, and whoever does not read them holds them here: that takes no place of a probe. */
const metricReaders = { all: 8, lead: 0 };
/** Prometheus gives up after ten seconds as well, unless told otherwise. */
const answerMs = 10_000;
const [letterA, letterZ] = [0x41, 0x5a];

export interface HealthQuestions {
  /** False when the part's own work has stopped: the kubelet then restarts it. */
  readonly alive: () => boolean;
  /** Undefined when ready, else why not. */
  readonly unready: () => string | undefined;
  readonly metrics: Registry;
}

export interface HealthServer {
  readonly port: number;
  close(): void;
}

/** Rejects when the port is taken. */
export function serveHealth(port: number, questions: HealthQuestions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const { socket } = request;
    // One request a connection, as the kubelet's probes have it anyway: who has had his answer keeps nothing open.
    response.shouldKeepAlive = false;
    const peer = peerOf(socket);
    if (peer === undefined || !admission.know(peer)) return;
    const late = setTimeout(() => socket.destroy(), answerMs);
    socket.once('close', () => clearTimeout(late));
    if (request.url === '/metrics') readMetrics(addressOf(peer), socket);
    answer(request, questions, text).then(
      ({ code, type, body }) => response.writeHead(code, { 'content-type': type }).end(body),
      (error: unknown) => fail(response, error),
    );
  });
  const text = sharedText(() => questions.metrics.metrics());
  const readers = new FairPlaces<Socket>(metricReaders, (socket) => socket.destroy());
  const readMetrics = (address: string, socket: Socket): void => {
    readers.take(address, socket);
    socket.once('close', () => readers.giveBack(address, socket));
  };
  const admission = new Admission(limits, { onLetIn: (socket) => server.emit('connection', socket), begins: ([first = 0]) => first >= letterA && first <= letterZ });
  return listening(admission, port);
}

/** Made once for all who ask meanwhile, and so seldom that it takes a quarter of the time at most: a text of a thousand namespaces takes a while. */
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

async function answer(request: IncomingMessage, { alive, unready, metrics }: HealthQuestions, metricsText: () => Promise<string>): Promise<Answer> {
  const text = (code: number, body: string): Answer => ({ code, type: 'text/plain', body: `${body}\n` });
  if (request.method !== 'GET') return text(405, 'only GET');
  switch (request.url ?? '') {
    case '/healthz':
      return alive() ? text(200, 'ok') : text(500, 'the process has stopped working');
    case '/readyz': {
      const why = unready();
      return why === undefined ? text(200, 'ok') : text(503, why);
    }
    case '/metrics':
      return { code: 200, type: metrics.contentType, body: await metricsText() };
    default:
      return text(404, 'there are /healthz, /readyz and /metrics');
  }
}

function fail(response: ServerResponse, error: unknown): void {
  response.writeHead(500, { 'content-type': 'text/plain' }).end(`${error instanceof Error ? error.message : String(error)}\n`);
}

function listening(admission: Admission, port: number): Promise<HealthServer> {
  const listener = createListener((socket) => admission.take(socket));
  return new Promise((resolve, reject) => {
    listener.once('error', (error) => reject(new Error(`listening for health checks at port ${port}: ${error.message}`)));
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
