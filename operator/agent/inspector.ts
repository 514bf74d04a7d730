// Lets `main.js connections` ask the running agent, which alone holds the maps: a socket in the agent pod's own network namespace.
import { createServer, request, type Server } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { z } from 'zod';
import { paths } from '../api';
import type { JoinedConnection } from './datapath/contract';

/** Who asks runs in the agent's own memory, and holds them all. */
const largestLimit = 10_000;
/** Rows written at a time. */
const batch = 200;

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
export function serveConnections(socket: string, read: (limit: number) => Iterable<JoinedConnection>): Promise<Server> {
  const server = createServer((incoming, response) => {
    const limit = Number(new URL(incoming.url ?? '/', 'http://agent').searchParams.get('limit'));
    if (!Number.isInteger(limit) || limit < 1 || limit > largestLimit) {
      response.writeHead(400).end(`limit is not a number from 1 to ${largestLimit}\n`);
      return;
    }
    try {
      const rows = batchesOf(read(limit));
      const first = rows.next(); // a map that cannot be read fails here
      response.writeHead(200, { 'content-type': 'application/json' });
      pipeline(Readable.from(asJson(first, rows)), response, () => undefined); // an answer that breaks off is no JSON: who asked sees it
    } catch (error) {
      response.writeHead(500).end(`reading the original-destination map: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => resolve(server));
  });
}

function* batchesOf(rows: Iterable<JoinedConnection>): Generator<JoinedConnection[], undefined> {
  let some: JoinedConnection[] = [];
  for (const row of rows) {
    some.push(row);
    if (some.length < batch) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

/** One array, piece by piece as it is read. */
function* asJson(first: IteratorResult<JoinedConnection[], undefined>, rest: Iterator<JoinedConnection[], undefined>): Generator<string> {
  let before = '[';
  for (let next = first; next.done !== true; next = rest.next()) {
    yield before + next.value.map((row) => JSON.stringify(row)).join(',');
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
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
