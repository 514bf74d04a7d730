// Tests that the traffic program sees every kind of mistake: without that a soak proves nothing. Needs root.
import { join } from 'node:path';
import { firstLine, TestNode, type TestPod } from '../../../ebpf/tests/pods';
import { waitFor } from '../../stand/support/waitFor';
import { buildDirectory } from '../../../release/tools/paths';
import { Board } from './board';
import { compileTraffic, Traffic } from './traffic';

const relay = join(__dirname, '..', '..', 'stand', 'pods', 'faultyRelay.js');
const place = 9;
const [front, back] = [7000, 7100];

let node: TestNode;
let pod: TestPod;
let program: string;
let board: Board;
beforeAll(async () => {
  program = await compileTraffic();
});
beforeEach(() => {
  node = new TestNode(`t${process.pid.toString(36)}`);
  pod = node.addPod();
  board = new Board(join(buildDirectory, 'soak', `board-${process.pid}`));
});
afterEach(async () => {
  await node.remove();
  board.close();
});

/** Lets a client and a server talk through a relay that makes the given mistake. */
async function talk(fault: string, meant = place): Promise<{ client: Traffic; server: Traffic }> {
  const server = await new Traffic('server', node.start(pod, program, 'serve', String(place), String(back), board.path)).started();
  await firstLine(node.start(pod, process.execPath, relay, fault, ...[0, 1, 2].map((i) => String(front + i))));
  const words = ['drive', meant, '127.0.0.1', front, board.path, 1, 8, 5].map(String);
  const client = await new Traffic('client', node.start(pod, program, ...words)).started();
  return { client, server };
}

test('the traffic program finds nothing wrong with a relay that makes no mistake', async () => {
  const { client, server } = await talk('none');
  await waitFor('some connections to be over', () => client.tally.finished > 20);
  await client.finish();
  await server.finish();
  expect([client.tally, server.tally].map(({ wrong, failed, open }) => ({ wrong, failed, open }))).toEqual(
    Array(2).fill({ wrong: 0, failed: 0, open: 0 }),
  );
  expect(server.tally.received).toBe(client.tally.sent);
  expect(client.tally.received).toBe(server.tally.sent);
}, 60_000);

test.each([
  ['changed', /wrong byte: connection (\d+) .* at (\d+): those of connection \1 up at \2/],
  ['dropped', /wrong byte: connection (\d+) .* at (\d+): those of connection \1 up at (?!\2)/],
  ['doubled', /wrong byte: connection (\d+) .* at (\d+): those of connection \1 up at (?!\2)/],
  ['swapped', /wrong byte: connection (\d+) .* at (\d+): those of connection \1 up at (?!\2)/],
  ['crossed', /(wrong byte: connection (\d+) .*: those of connection (?!\2)|wrong greeting|more bytes than were sent)/],
])('the traffic program sees that bytes were %s, and says of which stream they are', async (fault, words) => {
  const { server } = await talk(fault);
  await waitFor('the mistake to be seen', () => server.tally.wrong > 0);
  expect(server.troubles.join('\n')).toMatch(words);
});

test('the traffic program sees that the end of a stream is missing', async () => {
  const { server } = await talk('silent');
  await waitFor('the mistake to be seen', () => server.tally.failed > 0);
  expect(server.troubles.join('\n')).toMatch(/bytes are missing at the end of file/);
});

test('the traffic program sees that a connection has reached another server than was meant', async () => {
  const { server } = await talk('none', place + 1);
  await waitFor('the mistake to be seen', () => server.tally.wrong > 0);
  expect(server.troubles.join('\n')).toMatch(/wrong greeting: .*for place 10, arrived at place 9/);
});
