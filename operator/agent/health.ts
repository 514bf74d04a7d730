// Answers the kubelet (/healthz, /readyz) and Prometheus (/metrics).
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthQuestions {
  /** False when the agent's own work has stopped: the kubelet then restarts it. */
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
    answer(request, questions).then(
      ({ code, type, body }) => response.writeHead(code, { 'content-type': type }).end(body),
      (error: unknown) => fail(response, error),
    );
  });
  // Anybody in the cluster can reach this port: nobody may hold it.
  server.requestTimeout = 5000;
  server.headersTimeout = 5000;
  server.maxConnections = 64;
  return listening(server, port);
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

async function answer(request: IncomingMessage, { alive, unready, metrics }: HealthQuestions): Promise<Answer> {
  const text = (code: number, body: string): Answer => ({ code, type: 'text/plain', body: `${body}\n` });
  if (request.method !== 'GET') return text(405, 'only GET');
  switch (request.url ?? '') {
    case '/healthz':
      return alive() ? text(200, 'ok') : text(500, 'the agent has stopped working');
    case '/readyz': {
      const why = unready();
      return why === undefined ? text(200, 'ok') : text(503, why);
    }
    case '/metrics':
      return { code: 200, type: metrics.contentType, body: await metrics.metrics() };
    default:
      return text(404, 'there are /healthz, /readyz and /metrics');
  }
}

function fail(response: ServerResponse, error: unknown): void {
  response.writeHead(500, { 'content-type': 'text/plain' }).end(`${error instanceof Error ? error.message : String(error)}\n`);
}

function listening(server: Server, port: number): Promise<HealthServer> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`listening for health checks at port ${port}: ${error.message}`)));
    server.listen(port, () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
