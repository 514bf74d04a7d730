import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '../kube';
import { textReader } from './plainText';

const mebibyte = 2 ** 20;
let server: Server;
let read: ReturnType<typeof textReader>;

beforeAll(async () => {
  server = createServer((_request, response) => {
    for (let at = 0; at < 32; at++) response.write(`${at}`.padEnd(mebibyte, '.'));
    response.end('the end');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', skipTLSVerify: true, server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    { name: 'u' },
  );
  read = textReader(config);
});

afterAll(() => server.close());

it('keeps the end of a long log, and says how much is left out', async () => {
  const text = await read('/log', {}, mebibyte);
  expect(text).toMatch(/^\[the first \d+ bytes are left out\]\n.*the end$/);
  expect(text.length).toBeLessThan(mebibyte + 100);
});

it('keeps all of a shorter one', async () => {
  expect((await read('/log', {}, 64 * mebibyte)).length).toBe(32 * mebibyte + 'the end'.length);
});
