// Which connections are admitted, tested over real ones. A second lasts 20 ms here. Clients use different addresses of 127.0.0.0/8.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Admission, type AdmissionLimits } from './admission';
import { peerOf } from './peer';

const limits: AdmissionLimits = {
  waiting: 100,
  unproven: { all: 2, lead: 2 },
  quietSeconds: 5,
  unprovenSeconds: 10,
  waitingSeconds: 1000,
  proven: 100,
};

let admission: Admission;
let server: Server;
/** The server's sockets of admitted connections, in order. */
let letIn: Socket[];
/** The bytes that the server has read from them. */
let said: string;
let clients: Socket[];

async function open(more: Partial<AdmissionLimits> = {}): Promise<void> {
  [letIn, clients, said] = [[], [], ''];
  admission = new Admission(
    { ...limits, ...more },
    {
      onAdmitted: (socket) => void letIn.push(socket.on('data', (chunk: Buffer) => (said += chunk.toString()))),
      begins: ([first]) => first === 0x41,
    },
    20,
  );
  server = createServer((socket) => admission.take(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
}
afterEach(() => {
  server.close();
  admission.cut();
  for (const client of clients) client.destroy();
});

async function come(says = 'A', localAddress = '127.0.0.1'): Promise<Socket> {
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', localAddress })
    .on('error', () => undefined)
    .resume();
  clients.push(client);
  await once(client, 'connect');
  if (says !== '') client.write(says);
  return client;
}
const gone = (client: Socket): Promise<unknown> => (client.destroyed ? Promise.resolve() : once(client, 'close'));
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};
const peer = (client: Socket | undefined): string => peerOf({ remoteAddress: client?.localAddress, remotePort: client?.localPort }) ?? '';

test('a connection is admitted after its first bytes, and the server reads these bytes', async () => {
  await open();
  const client = await come('Anna');
  await until(() => said === 'Anna');
  client.write(' and Ben');
  await until(() => said === 'Anna and Ben');
  expect(letIn).toHaveLength(1);
});

test('a connection that sends nothing is not admitted and is ended', async () => {
  await open();
  const silent = await come('');
  await gone(silent);
  expect(letIn).toEqual([]);
});

test('a connection that begins with other bytes, or sends too many before its admission, is ended', async () => {
  await open({ unproven: { all: 0, lead: 2 } });
  await gone(await come('B'));
  await gone(await come('A'.repeat(5000)));
});

test('an admitted connection is ended when it falls silent, and when it sends bytes without being authenticated', async () => {
  await open({ quietSeconds: 5, unprovenSeconds: 15 });
  const silent = await come();
  const talking = await come();
  const talk = setInterval(() => talking.write('A'), 10);
  await until(() => letIn.length === 2);
  await gone(silent);
  expect(talking.destroyed).toBe(false);
  await gone(talking);
  clearInterval(talk);
});

test('silence does not end a connection that waits for an answer, nor a proven one', async () => {
  await open();
  const [asking, known] = [await come(), await come()];
  await until(() => letIn.length === 2);
  admission.beginAnswer(peer(asking));
  expect(admission.markProven(peer(known))).toBe(true);
  await gone(await come('')); // takes as long as a silent connection may stay
  expect([asking.destroyed, known.destroyed]).toEqual([false, false]);
  admission.endAnswer(peer(asking));
  await gone(asking);
  expect(known.destroyed).toBe(false);
});

test('connections wait in order for a place, which is free when its holder is proven or closes', async () => {
  await open();
  const all: Socket[] = [];
  for (let each = 0; each < 4; each += 1) all.push(await come());
  const ports = all.map(({ localPort }) => localPort);
  await until(() => letIn.length === 2);
  admission.markProven(peer(all[0]));
  await until(() => letIn.length === 3);
  all[1]?.destroy();
  await until(() => letIn.length === 4);
  expect(letIn.map(({ remotePort }) => remotePort)).toEqual(ports);
});

test('an address without a place is served before one with many waiting connections, and takes a place of it', async () => {
  await open();
  const crowd: Socket[] = [];
  for (let each = 0; each < 10; each += 1) crowd.push(await come());
  await until(() => letIn.length === 2);
  const agent = await come('A', '127.0.0.2');
  await until(() => letIn.length === 3);
  expect(letIn[2]?.remoteAddress).toBe('127.0.0.2');
  await gone(crowd[0] as Socket);
  expect(agent.destroyed).toBe(false);
});

test('addresses with many waiting connections are served in turn with an address that came later', async () => {
  await open({ unproven: { all: 2, lead: 2 }, quietSeconds: 1000, unprovenSeconds: 1000 });
  const busy = ['127.0.0.3', '127.0.0.4', '127.0.0.5'];
  for (let each = 0; each < 6; each += 1) for (const address of busy) await come('A', address);
  await until(() => letIn.length === 2);
  await come('A', '127.0.0.2');
  // Each place that becomes free is taken at once by an address without a place.
  for (let turn = 0; turn < 8; turn += 1) {
    const before = letIn.length;
    letIn[turn]?.destroy();
    await until(() => letIn.length === before + 1);
  }
  expect(letIn.map(({ remoteAddress }) => remoteAddress)).toContain('127.0.0.2');
});

test('with reclaimAfterMs an address without a place takes the place that has been held for longest', async () => {
  await open({ unproven: { all: 2, lead: 2, reclaimAfterMs: 50 }, quietSeconds: 1000, unprovenSeconds: 1000 });
  const crowd = [await come('A', '127.0.0.3'), await come('A', '127.0.0.4')];
  await until(() => letIn.length === 2);
  await come('A', '127.0.0.2');
  await until(() => letIn.length === 3);
  expect(letIn[2]?.remoteAddress).toBe('127.0.0.2');
  await gone(crowd[0] as Socket);
  expect(crowd[1]?.destroyed).toBe(false);
});

test('when no more may wait, the longest silent connection is ended first, then one of the address with most waiting', async () => {
  await open({ waiting: 3, unproven: { all: 0, lead: 2 }, quietSeconds: 1000 });
  const [idle, first, second] = [await come(''), await come(), await come()];
  await come();
  await gone(idle);
  await gone(await come()); // its address has all waiting connections already
  const other = await come('A', '127.0.0.2');
  await gone(first);
  expect([second?.destroyed, other.destroyed]).toEqual([false, false]);
});

test('a connection above the limit of proven ones is ended', async () => {
  await open({ proven: 1 });
  const [one, two] = [await come(), await come()];
  await until(() => letIn.length === 2);
  expect([admission.markProven(peer(one)), admission.markProven(peer(two)), admission.markProven('192.0.2.1:1')]).toEqual([true, false, false]);
  await gone(two);
});

test('a connection that steps aside gives its place back, and may still be authenticated', async () => {
  await open({ unproven: { all: 1, lead: 2 }, proven: 1 });
  const [aside, next] = [await come(), await come()];
  await until(() => letIn.length === 1);
  admission.beginAnswer(peer(aside));
  admission.stepAside(peer(aside));
  await until(() => letIn.length === 2);
  await gone(next as Socket); // silent for as long as it may be
  expect(aside?.destroyed).toBe(false);
  expect(admission.markProven(peer(aside))).toBe(true);
});

test('a connection that steps aside and gets its answer is ended when it stays silent', async () => {
  await open();
  const aside = await come();
  await until(() => letIn.length === 1);
  admission.beginAnswer(peer(aside));
  admission.stepAside(peer(aside));
  admission.endAnswer(peer(aside));
  await gone(aside);
});

test('an unproven connection that sends more bytes than it may is ended', async () => {
  await open({ unprovenBytes: 1000, unprovenSeconds: 1000 });
  const loud = await come();
  await until(() => letIn.length === 1);
  const talk = setInterval(() => loud.write('A'.repeat(100)), 10);
  await gone(loud);
  clearInterval(talk);
});

test('after a connection of an address was ended for what it sent, that address has four places, and others wait no longer', async () => {
  await open({ unproven: { all: 50, lead: 2 }, quietSeconds: 1000, unprovenSeconds: 1000 });
  const first = await come();
  await until(() => letIn.length === 1);
  admission.offend(peer(first));
  await gone(first);
  for (let each = 0; each < 10; each += 1) await come();
  await until(() => letIn.length === 1 + 3); // the place of the first is taken for a while longer
  await come('A', '127.0.0.2');
  await until(() => letIn.at(-1)?.remoteAddress === '127.0.0.2');
  expect(letIn).toHaveLength(1 + 3 + 1);
});
