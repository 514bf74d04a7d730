// Lets `main.js connections` ask the running agent, which alone holds the maps: a socket in the agent pod's own network namespace.
import { createServer, request, type Server } from 'node:http';
import { z } from 'zod';
import { paths } from '../api';
import type { JoinedConnection } from './datapath/contract';

const largestLimit = 131_072;

const joinedConnections = z.array(
  z.object({
    namespace: z.string(),
    path: z.enum(paths),
    client: z.string(),
    original: z.string(),
    redirected: z.string(),
    learnt: z.enum(['rendezvous', 'helper']),
  }),
);

/**
 * @param socket an abstract unix socket: needs no writable directory, and nobody outside of the pod's network namespace can reach it
 * @param read gives at most that many connections
 */
export function serveConnections(socket: string, read: (limit: number) => readonly JoinedConnection[]): Promise<Server> {
  const server = createServer((incoming, response) => {
    const limit = Number(new URL(incoming.url ?? '/', 'http://agent').searchParams.get('limit'));
    if (!Number.isInteger(limit) || limit < 1 || limit > largestLimit) {
      response.writeHead(400).end(`limit is not a number from 1 to ${largestLimit}\n`);
      return;
    }
    try {
      const body = JSON.stringify(read(limit));
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    } catch (error) {
      response.writeHead(500).end(`reading the original-destination map: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => resolve(server));
  });
}

/** Rejects with one line when no agent runs here, or when it cannot read its maps. */
export function askConnections(socket: string, limit: number): Promise<JoinedConnection[]> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, path: `/connections?limit=${limit}`, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode !== 200) return reject(new Error(`asking the agent: ${body.trim()}`));
        return resolve(joinedConnections.parse(JSON.parse(body)));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in 10 s')));
    asked.on('error', (error) => reject(new Error(`asking the agent: ${error.message}; run this inside the container of a running agent`)));
    asked.end();
  });
}
