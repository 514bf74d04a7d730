// The unix socket at which the running agent, which alone has the maps open, lists its joined connections for `main.js connections`.
import { createServer, request, type Server } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { z } from 'zod';
import { errorMessage } from '../base';
import { paths } from '../api';
import type { JoinedConnection } from './datapath/contract';

/** Most connections of one answer: the command that asks runs in the agent's container and keeps all of them in memory. */
const largestLimit = 10_000;
/** Rows that are written at a time. */
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
 * Serves the joined connections.
 * @param socket address of an abstract unix socket, which needs no writable directory and is reachable in the pod's network namespace only
 * @param read returns at most `limit` connections
 * @throws Error (rejection) when the address is in use
 */
export function serveConnections(socket: string, read: (limit: number) => Iterable<JoinedConnection>): Promise<Server> {
  const server = createServer((incoming, response) => {
    const limit = Number(new URL(incoming.url ?? '/', 'http://agent').searchParams.get('limit'));
    if (!Number.isInteger(limit) || limit < 1 || limit > largestLimit) {
      response.writeHead(400).end(`limit must be a number from 1 to ${largestLimit}\n`);
      return;
    }
    try {
      const rows = batchesOf(read(limit));
      const first = rows.next(); // throws when the map cannot be read
      response.writeHead(200, { 'content-type': 'application/json' });
      pipeline(Readable.from(asJson(first, rows)), response, () => undefined); // an answer that breaks off is no valid JSON, so the command reports it
    } catch (error) {
      response.writeHead(500).end(`read the joined connections: ${errorMessage(error)}\n`);
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

/** The JSON of one array, in pieces. */
function* asJson(first: IteratorResult<JoinedConnection[], undefined>, rest: Iterator<JoinedConnection[], undefined>): Generator<string> {
  let before = '[';
  for (let next = first; next.done !== true; next = rest.next()) {
    yield before + next.value.map((row) => JSON.stringify(row)).join(',');
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

/** The joined connections of the running agent. @throws Error (rejection) in one line when no agent answers or when it cannot read its maps */
export function askConnections(socket: string, limit: number): Promise<JoinedConnection[]> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, path: `/connections?limit=${limit}`, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode !== 200) return reject(new Error(`ask the agent for its connections: ${body.trim()}`));
        return resolve(joinedConnections.parse(JSON.parse(body)));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 10 s')));
    asked.on('error', (error) =>
      reject(new Error(`ask the agent for its connections: ${error.message}; run this inside the container of a running agent`)),
    );
    asked.end();
  });
}
