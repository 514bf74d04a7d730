import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { connections } from './connections';
import type { JoinedConnection } from './datapath/contract';
import { serveConnections } from './inspector';

const row: JoinedConnection = {
  namespace: 'shop',
  path: 'NodeLocal',
  client: '10.0.0.1:40000',
  original: '10.98.0.9:80',
  redirected: '[fd00::2]:15006',
  learnt: 'rendezvous',
};
const socket = `\0inspector-test-${randomUUID()}`;
let server: Server;
let rows: readonly JoinedConnection[];

beforeAll(async () => {
  server = await serveConnections(socket, (limit) => {
    if (rows.length === 0) throw new Error('the map cannot be read');
    return rows.slice(0, limit);
  });
});
beforeEach(() => {
  rows = [row, { ...row, client: '10.0.0.1:40001' }];
});
afterAll(() => void server.close());

test('joined connections are printed as a table', async () => {
  const lines = (await connections({ output: 'table', limit: 10, socket })).split('\n').map((line) => line.trimEnd());
  expect(lines[0]).toMatch(/^NAMESPACE +PATH +CLIENT +ORIGINAL +REDIRECTED +LEARNT$/);
  expect(lines[1]).toMatch(/^shop +NodeLocal +10\.0\.0\.1:40000 +10\.98\.0\.9:80 +\[fd00::2\]:15006 +rendezvous$/);
  expect(lines).toHaveLength(3);
});

test('joined connections are printed as JSON, up to the limit', async () => {
  expect(JSON.parse(await connections({ output: 'json', limit: 1, socket }))).toEqual([row]);
});

test('a limit that is not a number is refused', async () => {
  await expect(connections({ output: 'json', limit: Number.NaN, socket })).rejects.toThrow('limit must be a number');
});

test('the error of an agent that cannot read its map is shown', async () => {
  rows = [];
  await expect(connections({ output: 'json', limit: 1, socket })).rejects.toThrow('the map cannot be read');
});

test('without an agent the error says where to run the command', async () => {
  await expect(connections({ output: 'table', limit: 1, socket: `${socket}-none` })).rejects.toThrow(/inside the container of a running agent/);
});
