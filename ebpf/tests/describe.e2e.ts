// What the kernel tells of single connections: their reason, the bytes they have sent and their round-trip time. Needs root.
import type { ConnectionEnd } from '../../operator/agent/datapath';
import { Fixture, settings, until } from './fixture';
import { serve, talk, type Talk } from './traffic';
import type { TestPod } from './pods';

const port = 8000;
/** Lasts long enough to be observed. */
const slowTalk: Talk = { connections: 2, messages: 100, maxBytes: 2000, pauseMs: 10 };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

const endsOf = (pod: TestPod): ConnectionEnd[] => [...(f.datapath.describe(pod.netns) ?? [])].flat().map((end) => end.whole());
const states = (pod: TestPod): (string | undefined)[] => endsOf(pod).map(({ state }) => state);

test('both ends of a joined connection are described, with the bytes that each has sent and its peer', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until(
    'bytes to be redirected both ways',
    () => [f.client, f.server].every((pod) => endsOf(pod).filter(({ fastBytes }) => fastBytes > 1000n).length === 2),
    () => endsOf(f.client),
  );
  const server = `${f.server.address}:${port}`;
  const [client] = endsOf(f.client);
  expect(client).toMatchObject({
    state: 'Accelerated',
    accepting: false,
    remote: server,
    peerNetns: f.server.netns,
    joined: { path: 'NodeLocal', original: server, redirected: server },
  });
  expect(client?.local).toMatch(new RegExp(`^${f.client.address}:\\d+$`));
  // TCP has measured the handshake, which takes microseconds inside one kernel.
  expect(client?.rttUs).toBeGreaterThan(0);
  expect(client?.rttUs).toBeLessThan(1_000_000);
  const accepted = endsOf(f.server).find(({ remote }) => remote === client?.local);
  expect(accepted).toMatchObject({ state: 'Accelerated', accepting: true, local: server, peerNetns: f.client.netns });
  expect(accepted?.cookie).not.toBe(client?.cookie);
  await talking;
  await until('no connection to be open', () => endsOf(f.client).length === 0);
});

test('a connection that stays on TCP has its reason and the bytes it has sent so far, and a connection that is not counted has neither reason nor peer', async () => {
  await serve(f.node, f.server, port);
  f.datapath.configure({ ...settings, mode: 'Observe' });
  const observed = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('two connections to be observed', () => states(f.client).filter((state) => state === 'Observing').length === 2);
  await until('bytes over TCP', () => endsOf(f.client).every(({ tcpBytes, fastBytes }) => tcpBytes > 1000n && fastBytes === 0n));
  f.datapath.configure({ ...settings, mode: 'Off' });
  const unseen = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('two connections that are not counted', () => states(f.client).filter((state) => state === undefined).length === 2);
  expect(endsOf(f.client).filter(({ state }) => state === undefined)).toEqual(
    [1, 2].map(() => expect.objectContaining({ joined: undefined, peerNetns: 0, fastBytes: 0n }) as unknown),
  );
  await Promise.all([observed, unseen]);
});

test('nothing is described of a pod that is not selected', async () => {
  f.datapath.select([], []);
  expect(f.datapath.describe(f.client.netns)).toBeUndefined();
});
