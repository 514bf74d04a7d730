// redis-benchmark: the server must have counted every command, and a large value must come back unchanged.
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ProgramMesh } from '../mesh';
import { differs, type Opened, type Trial } from '../trial';

const port = 6379;
const requests = 10_000;
const commands = ['set', 'get', 'incr', 'lpush', 'lrange'] as const;
const valueBytes = 8 << 20;

/** `"test","rps",...` lines of redis-benchmark --csv. */
const csvLine = z.tuple([z.string(), z.coerce.number().positive()]).rest(z.string());

function benchmarkTimes(csv: string): number[] {
  const lines = csv.trim().split('\n').slice(1);
  return lines.map((line) => csvLine.parse(line.split(',').map((cell) => cell.replaceAll('"', '')))[1]);
}

/** How often each command was called, as the server has counted. */
async function callsSeen(mesh: ProgramMesh): Promise<Map<string, number>> {
  const text = await mesh.must('client', 'redis-cli', '-h', mesh.address, '-p', port, 'info', 'commandstats');
  return new Map([...text.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name = '', calls]) => [name, Number(calls)]));
}

/** Complaints about wrong counts. Each test runs its command `requests` times, lrange first pushes its list, and each round sets and gets a value. */
function countedWrong(calls: ReadonlyMap<string, number>, rounds: number): string[] {
  const wanted = { set: requests + 1, get: requests + 1, incr: requests, lpush: 2 * requests, lrange: requests } as const;
  return commands.flatMap((name) => differs(`${name} counted by the server`, calls.get(name) ?? 0, rounds * wanted[name]));
}

async function largeValue(mesh: ProgramMesh): Promise<string[]> {
  const value = randomBytes(valueBytes / 2).toString('hex');
  const path = mesh.file('value', value);
  await mesh.must('client', 'sh', '-c', `redis-cli -h ${mesh.address} -p ${port} -x set large < ${path}`);
  const got = await mesh.must('client', 'redis-cli', '-h', mesh.address, '-p', port, '--raw', 'get', 'large');
  return differs('checksum of a value', digest(got.trimEnd()), digest(value));
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

async function open(mesh: ProgramMesh): Promise<Opened> {
  const words = ['--port', port, '--bind', '0.0.0.0', '::', '--save', '', '--protected-mode', 'no'];
  await mesh.serve('server', [port], 'redis-server', ...words, '--dir', mesh.directory);
  let rounds = 0;
  return {
    async round() {
      rounds++;
      // -t lrange_100 fills its own list; -c is the number of connections, -d the bytes of a value
      const words = ['-h', mesh.address, '-p', port, '--csv', '-c', 50, '-n', requests, '-d', 512, '-t', 'set,get,incr,lpush,lrange_100'];
      const rates = benchmarkTimes(await mesh.must('client', 'redis-benchmark', ...words));
      const seconds = rates.reduce((sum, rate) => sum + requests / rate, 0);
      return { amount: rates.length * requests, seconds, complaints: await largeValue(mesh) };
    },
    finish: async () => countedWrong(await callsSeen(mesh), rounds),
  };
}

export const redis: Trial = {
  name: 'redis-benchmark',
  hops: ['redis-benchmark', 'Envoy', 'Envoy', 'redis-server'],
  unit: 'requests',
  checks: 'exit code; the server has counted every command; an 8 MiB value comes back with its checksum',
  short: true,
  open,
};
