// Who is let in, over real connections; a second lasts 20 ms here. 127.0.0.0/8 is this machine: addresses as many as wanted.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Admission, type AdmissionLimits } from './admission';
import { peerOf } from './peer';

const limits: AdmissionLimits = { waiting: 100, strangers: { all: 2, lead: 2 }, quietSeconds: 5, strangerSeconds: 10, waitingSeconds: 1000, known: 100 };

let admission: Admission;
let server: Server;
/** The server's ends of those who were let in, in order. */
let letIn: Socket[];
/** What they have said since. */
let said: string;
let clients: Socket[];

async function open(more: Partial<AdmissionLimits> = {}): Promise<void> {
  [letIn, clients, said] = [[], [], ''];
  admission = new Admission({ ...limits, ...more }, { onLetIn: (socket) => void letIn.push(socket.on('data', (chunk: Buffer) => (said += chunk.toString()))), begins: ([first]) => first === 0x41 }, 20);
  server = createServer((socket) => admission.take(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
}
afterEach(() => {
  server.close();
  admission.cut();
  for (const client of clients) client.destroy();
});

async function come(says = 'A', localAddress = '127.0.0.1'): Promise<Socket> {
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', localAddress }).on('error', () => undefined).resume();
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

test('who has spoken is let in with what he has said', async () => {
  await open();
  const client = await come('Anna');
  await until(() => said === 'Anna');
  client.write(' and Ben');
  await until(() => said === 'Anna and Ben');
  expect(letIn).toHaveLength(1);
});

test('who says nothing is never let in, and ended', async () => {
  await open();
  const silent = await come('');
  await gone(silent);
  expect(letIn).toEqual([]);
});

test('who begins otherwise, or says too much before he is let in, is ended', async () => {
  await open({ strangers: { all: 0, lead: 2 } });
  await gone(await come('B'));
  await gone(await come('A'.repeat(5000)));
});

test('who was let in and falls silent is ended, and so is who talks on without showing who he is', async () => {
  await open({ quietSeconds: 5, strangerSeconds: 15 });
  const silent = await come();
  const talking = await come();
  const talk = setInterval(() => talking.write('A'), 10);
  await until(() => letIn.length === 2);
  await gone(silent);
  expect(talking.destroyed).toBe(false);
  await gone(talking);
  clearInterval(talk);
});

test('who waits for an answer may be silent, and who is known stays', async () => {
  await open();
  const [asking, known] = [await come(), await come()];
  await until(() => letIn.length === 2);
  admission.asked(peer(asking));
  expect(admission.know(peer(known))).toBe(true);
  await gone(await come('')); // as long as a silent one stays
  expect([asking.destroyed, known.destroyed]).toEqual([false, false]);
  admission.answered(peer(asking));
  await gone(asking);
  expect(known.destroyed).toBe(false);
});

test('others wait in order until a place is free: by being known, and by leaving', async () => {
  await open();
  const all: Socket[] = [];
  for (let each = 0; each < 4; each += 1) all.push(await come());
  const ports = all.map(({ localPort }) => localPort);
  await until(() => letIn.length === 2);
  admission.know(peer(all[0]));
  await until(() => letIn.length === 3);
  all[1]?.destroy();
  await until(() => letIn.length === 4);
  expect(letIn.map(({ remotePort }) => remotePort)).toEqual(ports);
});

test('another address comes before those of whom many wait, and takes a place of theirs', async () => {
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

test('addresses that never stop waiting are served in turn with one that came later', async () => {
  await open({ strangers: { all: 2, lead: 2 }, quietSeconds: 1000, strangerSeconds: 1000 });
  const busy = ['127.0.0.3', '127.0.0.4', '127.0.0.5'];
  for (let each = 0; each < 6; each += 1) for (const address of busy) await come('A', address);
  await until(() => letIn.length === 2);
  await come('A', '127.0.0.2');
  // Each place that is free is taken at once, by an address that has none.
  for (let turn = 0; turn < 8; turn += 1) {
    const before = letIn.length;
    letIn[turn]?.destroy();
    await until(() => letIn.length === before + 1);
  }
  expect(letIn.map(({ remoteAddress }) => remoteAddress)).toContain('127.0.0.2');
});

test('where places are to be had for sure, an address without one gets that of whoever has had one for long', async () => {
  await open({ strangers: { all: 2, lead: 2, sureMs: 50 }, quietSeconds: 1000, strangerSeconds: 1000 });
  const crowd = [await come('A', '127.0.0.3'), await come('A', '127.0.0.4')];
  await until(() => letIn.length === 2);
  await come('A', '127.0.0.2');
  await until(() => letIn.length === 3);
  expect(letIn[2]?.remoteAddress).toBe('127.0.0.2');
  await gone(crowd[0] as Socket);
  expect(crowd[1]?.destroyed).toBe(false);
});

test('when no more can wait, idle ones go first, then those of whom most wait', async () => {
  await open({ waiting: 3, strangers: { all: 0, lead: 2 }, quietSeconds: 1000 });
  const [idle, first, second] = [await come(''), await come(), await come()];
  await come();
  await gone(idle);
  await gone(await come()); // of the same address as all that wait
  const other = await come('A', '127.0.0.2');
  await gone(first);
  expect([second?.destroyed, other.destroyed]).toEqual([false, false]);
});

test('no more are known than may be', async () => {
  await open({ known: 1 });
  const [one, two] = [await come(), await come()];
  await until(() => letIn.length === 2);
  expect([admission.know(peer(one)), admission.know(peer(two)), admission.know('192.0.2.1:1')]).toEqual([true, false, false]);
  await gone(two);
});
