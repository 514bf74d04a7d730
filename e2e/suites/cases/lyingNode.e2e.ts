// An agent that lies, against the real controller and a real API server: its reports about pods of other nodes do not count.
import { connectionWith } from '../../../operator/controller/live/live.testing';
import { connectionList } from '../../../operator/api';
import { abilities, type Connection } from '../../../operator/protocol';
import { encodeFromAgent } from '../../../operator/protocol/wire';
import { accelctlOn } from '../../stand/api/accelctl';
import { LiveBench } from '../../stand/api/liveBench';
import { agentPod, emptyReport, namespaceReport, sayRaw, type TestAgent } from '../../stand/api/testAgent';
import { waitFor } from '../../stand/support/waitFor';

let live: LiveBench;
let honest: TestAgent;
let liar: TestAgent;

beforeAll(async () => {
  live = await LiveBench.start();
  honest = await live.agent();
  const { bench } = live;
  await bench.create(agentPod('agent-2', 'node2'), agentPod('agent-3', 'node2'));
  await bench.daemonSetOf(2);
  await bench.kubectl(['label', 'namespace', 'plain', 'mesh=on']);
  liar = await bench.obedient(await bench.podToken('agent-2'));
  await honest.ordered('with plain', ({ namespaces }) => namespaces.includes('plain'));
  await liar.ordered('with plain', ({ namespaces }) => namespaces.includes('plain'));
}, 240_000);

afterAll(() => live?.stop());

const status = async () => (await live.bench.resource()).status;

/** Sends a report of the liar and then an honest report, and waits until the status has the honest one: it has followed the liar's by then too. */
async function afterSaying(...namespaces: Parameters<TestAgent['say']>[0]): Promise<NonNullable<Awaited<ReturnType<typeof status>>>> {
  liar.say(namespaces);
  const fastBytes = Math.floor(performance.now() * 1000);
  honest.say([namespaceReport('shop', { open: 2, accelerated: 1, fastBytes })]);
  return waitFor('the honest report in the status', async () => {
    const found = await status();
    return found?.bytes?.fast === fastBytes ? found : undefined;
  });
}

it('pods and connections in namespaces of which the liar’s node has no pod do not count', async () => {
  const shown = await afterSaying(
    namespaceReport('shop', { podsSelected: 5, open: 1000, fastBytes: 9e15 }),
    namespaceReport('plain', { open: 1000, tcpBytes: 9e15 }),
  );
  expect(shown).toMatchObject({ connections: { open: 2, accelerated: 1 }, bytes: { tcp: 0 }, summary: { accelerated: '50%' } });
  expect(shown.namespaces?.find(({ name }) => name === 'plain')).toMatchObject({ pods: { selected: 0 }, connections: { open: 0 } });
});

it('more connections than a node can have do not count, and the node is named in the status and once in the log', async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    const shown = await afterSaying(namespaceReport('shop', { open: 2 ** 53 - 1, fastBytes: turn }));
    expect(shown.connections).toMatchObject({ open: 2, accelerated: 1 });
  }
  const { nodes } = (await status()) ?? {};
  expect(nodes?.unsupported).toEqual([
    expect.objectContaining({
      reason: 'ImplausibleReport',
      nodes: 1,
      examples: ['node2'],
      message: expect.stringContaining('9007199254740991 open connection ends') as string,
    }),
  ]);
  expect(live.bench.controller.log.filter(({ message }) => message.includes('the agent of node node2 reports'))).toHaveLength(1);
  expect((await live.bench.condition('Degraded'))?.reason).toBe('ImplausibleReport');
});

it('a node without pods causes no error in the controller’s log', () => {
  expect(live.bench.controller.log.filter(({ message }) => message.includes('list the pods of node'))).toEqual([]);
});

it('a new pod of the liar’s node counts at once', async () => {
  await live.bench.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'own', namespace: 'plain' },
    spec: { nodeName: 'node2', automountServiceAccountToken: false, containers: [{ name: 'app', image: 'none' }] },
  });
  liar.say([namespaceReport('plain', { open: 7, accelerated: 7 })]);
  await waitFor('its connections to count', async () => {
    liar.say([namespaceReport('plain', { open: 7, accelerated: 7 })]);
    return (await status())?.namespaces?.find(({ name }) => name === 'plain')?.connections.open === 7;
  });
  expect((await status())?.nodes?.unsupported).toEqual([]);
});

it('live data contains only rows of the namespace in question and of pods that the node has', async () => {
  const rows: Connection[] = [
    connectionWith(),
    connectionWith({ id: '2b', namespace: 'bank', pod: 'vault' }),
    connectionWith({ id: '2c', pod: 'made-up' }),
    connectionWith({ id: '2d', peer: 'bank/vault' }),
  ];
  live.connections = rows;
  live.pods = ['shop/cart', 'bank/vault', 'shop/made-up'].map((each) => ({
    namespace: each.split('/')[0] ?? '',
    name: each.split('/')[1] ?? '',
    open: 1,
    accelerated: 0,
    fastBytes: 1,
    tcpBytes: 1,
    rttUs: 1,
  }));
  const list = connectionList.parse(
    JSON.parse(await live.bench.kubectl(['get', '--raw', '/apis/live.acceleration.dev/v1alpha1/namespaces/shop/connections'])),
  );
  expect(list.items.map(({ metadata, peer }) => [metadata.name, peer])).toEqual([
    ['node1.2a', 'shop/web'],
    ['node1.2d', undefined],
  ]);
  expect(list.pods.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(['shop/cart']);
  const { stdout } = await accelctlOn(live.bench.server.kubeconfig, ['connections', 'shop']);
  expect(stdout).not.toMatch(/vault|made-up/);
});

it.each([
  ['an escape sequence', '\u001b[2J'],
  ['a control sequence of C1', '\u009b31m'],
  ['a line feed', '\nok  nodes'],
  ['a Unicode override of the text direction', '\u202e'],
])('a stream that sends %s in a text is ended, and the text is neither in the status nor in the log', async (_what, text) => {
  const { bench } = live;
  const hello = { agentVersion: '1', kernel: `6.18${text}`, architecture: 'x86_64', mapAbi: 1, ...abilities, live: false };
  await liar.close();
  const { details } = await sayRaw(await bench.endpoint(), await bench.podToken('agent-2'), encodeFromAgent({ message: 'hello', hello }));
  expect(details).toBe('malformed message: hello.kernel: it has control or format characters; it must be one line of text');
  liar = await bench.obedient(await bench.podToken('agent-2'));
  await liar.ordered('at all', () => true);
  liar.report({ ...emptyReport, problems: [{ reason: 'NoBtf', message: `no BTF${text}` }] });
  await liar.state(/malformed message: report\.problems\.0\.message/);
  expect(JSON.stringify([await status(), bench.controller.log])).not.toContain(JSON.stringify(text).slice(1, -1));
});
