// Servers in Node and in Python's asyncio that send back what they get, with clients of the same kind.
import { join } from 'node:path';
import { z } from 'zod';
import { lastWords } from '../../../stand/pods/containers';
import type { ProgramMesh } from '../mesh';
import type { Opened, Round, Trial } from '../trial';

const apps = join(__dirname, '..', 'apps');
const connections = 16;
const messages = 3000;

/** What both clients print. */
const outcome = z.object({ right: z.number(), wrong: z.number(), errors: z.array(z.string()) });

async function round(mesh: ProgramMesh, client: readonly string[], port: number): Promise<Round> {
  const [program = '', ...words] = client;
  const ended = await mesh.run('client', program, ...words, 'talk', mesh.address, port, connections, messages);
  if (ended.code !== 0) return { amount: 0, seconds: 0, complaints: [`the client ended with ${ended.code}: ${lastWords(ended.stderr)}`] };
  const { right, wrong, errors } = outcome.parse(JSON.parse(ended.stdout));
  const complaints =
    wrong + errors.length > 0 || right !== messages
      ? [`${right} of ${messages} answers right, ${wrong} wrong, ${errors.length} errors: ${errors.slice(0, 3).join(', ')}`]
      : [];
  return { amount: messages, seconds: ended.seconds, complaints };
}

async function open(mesh: ProgramMesh, app: readonly string[], port: number): Promise<Opened> {
  const [program = '', ...words] = app;
  await mesh.serve('server', [port], program, ...words, 'serve', port);
  return { round: () => round(mesh, app, port) };
}

export const node: Trial = {
  name: 'Node',
  hops: ['Node, http.Agent', 'Envoy (HTTP/1.1)', 'Envoy (HTTP/1.1)', 'Node, http'],
  unit: 'requests',
  checks: 'the server says the checksum of every request’s body, and the client compares it and what comes back; 1 byte to 256 KiB',
  open: (mesh) => open(mesh, [process.execPath, join(apps, 'http.js')], 8080),
};

export const asyncio: Trial = {
  name: 'Python asyncio',
  hops: ['asyncio streams', 'Envoy', 'Envoy', 'asyncio streams'],
  unit: 'requests',
  checks: 'the server says the checksum of every message, and the client compares it and what comes back; 1 byte to 256 KiB',
  open: (mesh) => open(mesh, ['python3', join(apps, 'asyncio_echo.py')], 8300),
};
