// Live data through a real API server: which users may read it, and that no user can pretend to be another.
import { request } from 'node:https';
import { connectionWith } from '../../../operator/controller/live/live.testing';
import { testAuthority } from '../../../operator/protocol/certificates.testing';
import { connectionList, foreignPeer, liveEvent, maxListedConnections } from '../../../operator/api';
import { accelctlOn, kubeconfigWith } from '../../stand/api/accelctl';
import { podOn } from '../../stand/api/controllerBench';
import { happen, LiveBench } from '../../stand/api/liveBench';
import { namespaceReport, type TestAgent } from '../../stand/api/testAgent';
import { waitFor } from '../../stand/support/waitFor';
import { attempt } from '../../../release/tools/command';

const view = 'sidecar-acceleration-view';
const base = '/apis/live.acceleration.dev/v1alpha1';

let live: LiveBench;
let agent: TestAgent;

beforeAll(async () => {
  live = await LiveBench.start();
  agent = await live.agent();
  await live.bench.kubectl(['create', 'rolebinding', 'viewer', '-n', 'shop', `--clusterrole=${view}`, '--user=viewer']);
}, 240_000);

afterAll(() => live?.stop());

/** Runs kubectl as this user. */
const as = (user: string, ...args: string[]) => live.bench.server.kubectl(['--as', user, ...args]);

it('serves the connections of a namespace, with the sums of its pods', async () => {
  const list = connectionList.parse(JSON.parse(await live.bench.kubectl(['get', '--raw', `${base}/namespaces/shop/connections`])));
  expect(list).toMatchObject({
    silentNodes: [],
    items: [{ node: 'node1', pod: 'cart', state: 'Accelerated', peer: 'shop/web' }],
    pods: [{ name: 'cart', connections: { open: 2, accelerated: 1 } }],
  });
});

it('is listed by kubectl like any other kind', async () => {
  expect(await live.bench.kubectl(['get', 'connections.live.acceleration.dev', '-n', 'shop', '-o', 'name'])).toBe(
    'connection.live.acceleration.dev/node1.2a\n',
  );
  expect(await live.bench.kubectl(['api-resources', '--api-group=live.acceleration.dev', '-o', 'name'])).toBe('connections.live.acceleration.dev\n');
});

it('sends events to a watch, one on each line', async () => {
  const reading = live.bench.kubectl(['get', '--raw', `${base}/namespaces/shop/connections?watch=true&timeoutSeconds=3`]);
  await happen(
    agent,
    { type: 'Opened', connection: connectionWith({ accelerated: false, reason: 'Learning' }) },
    { type: 'Closed', connection: connectionWith() },
  );
  const events = (await reading)
    .trim()
    .split('\n')
    .map((line) => liveEvent.parse(JSON.parse(line)));
  expect(events.flatMap((each) => (each.type === 'BOOKMARK' || each.type === 'ERROR' ? [] : [each.object.event]))).toEqual(['Opened', 'Closed']);
});

describe('accelctl', () => {
  const accelctl = (...words: string[]) => accelctlOn(live.bench.server.kubeconfig, words);
  const asUser = async (user: string, ...words: string[]) => accelctlOn(await kubeconfigWith(live.bench.server, user, { as: user }), words);

  it('lists connections', async () => {
    const { code, stdout } = await accelctl('connections', 'shop/cart');
    expect(stdout).toMatch(
      /^POD +LOCAL .*\ncart +10\.0\.0\.1:40000 +10\.98\.0\.9:80 +10\.0\.0\.2:15006 +shop\/web +Accelerated +4\.9 KiB +100 B +60 us\n$/,
    );
    expect(code).toBe(0);
  });

  it('shows once what is being sent, where standard output is no terminal', async () => {
    const before = live.connections;
    const topping = accelctl('top', 'shop', '-o', 'json');
    await waitFor('the first look', () => agent.watches.at(-1)?.limit === maxListedConnections);
    live.connections = before.map((each) => ({ ...each, fastBytes: each.fastBytes + 1_000_000 }));
    const { code, stdout } = await topping;
    live.connections = before;
    const [row] = JSON.parse(stdout) as { pod: string; fastPerSecond: number }[];
    expect([code, row?.pod]).toEqual([0, 'cart']);
    expect(row?.fastPerSecond).toBeGreaterThan(100_000);
  });

  it('prints events of the given kind for the given time', async () => {
    const asked = agent.watches.length;
    const tapping = accelctl('tap', 'shop', '--kind', 'Opened', '--for', '4s');
    await waitFor('a new watch', () => agent.watches.slice(asked).some(({ events }) => events));
    await happen(
      agent,
      { type: 'Opened', connection: connectionWith({ accelerated: false, reason: 'Learning' }) },
      { type: 'Closed', connection: connectionWith() },
    );
    const { code, stdout, stderr } = await tapping;
    expect([code, stderr]).toEqual([0, 'waiting for events\n']);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} Opened shop\/cart 10\.0\.0\.1:40000 > 10\.98\.0\.9:80 Learning\n$/);
  });

  it.each([['connections'], ['top'], ['tap']])(
    'says in one line that a namespace does not exist, or that the user lacks a right: %s',
    async (command) => {
      expect(await accelctl(command, 'nowhere')).toMatchObject({
        code: 1,
        stderr: 'accelctl: reading namespaces/nowhere: there is no such namespace; see kubectl get namespaces\n',
      });
      expect(await asUser('nobody', command, 'shop')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /^accelctl: reading connections\.live\.acceleration\.dev: this user may not (list|watch) connections in namespace shop; ask for the ClusterRole sidecar-acceleration-view there\n$/,
        ) as string,
      });
    },
  );

  it('shows the viewer of a namespace this namespace, and not all namespaces', async () => {
    expect((await asUser('viewer', 'connections', 'shop')).code).toBe(0);
    expect((await asUser('viewer', 'connections')).stderr).toContain('this user may not list connections in all namespaces');
  });
});

it('serves the connections of a namespace to its viewer, and refuses other namespaces and other users', async () => {
  expect((await as('viewer', 'get', '--raw', `${base}/namespaces/shop/connections`)).code).toBe(0);
  for (const [user, path] of [
    ['viewer', `${base}/connections`],
    ['viewer', `${base}/namespaces/bank/connections`],
    ['nobody', `${base}/namespaces/shop/connections`],
  ] as const) {
    const { code, stderr } = await as(user, 'get', '--raw', path);
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(stderr).toMatch(
      new RegExp(
        `^Error from server \\(Forbidden\\): connections.live.acceleration.dev is forbidden: User "${user}" cannot list resource "connections"`,
      ),
    );
  }
});

it('does not name a pod of another namespace to the viewer of a namespace, and names it to those who may see all namespaces', async () => {
  const before = live.connections;
  live.connections = [connectionWith({ peer: 'plain/secret-pod' })];
  await live.bench.kubectl(['label', 'namespace', 'plain', 'mesh=on']);
  await live.bench.create(podOn('node1', 'plain', 'secret-pod'));
  const peersIn = (list: string) => connectionList.parse(JSON.parse(list)).items.map(({ peer }) => peer);
  // The controller removes a peer that it does not know as a pod of the node, and lists the node's pods when a report names a new namespace.
  await waitFor('the pod to be known', async () => {
    agent.say([namespaceReport('shop', { open: 2, accelerated: 1 }), namespaceReport('plain', { open: 1 })]);
    return peersIn(await live.bench.kubectl(['get', '--raw', `${base}/connections`])).includes('plain/secret-pod');
  });
  expect(peersIn((await as('viewer', 'get', '--raw', `${base}/namespaces/shop/connections`)).stdout)).toEqual([foreignPeer]);
  live.connections = before;
  await live.bench.kubectl(['label', 'namespace', 'plain', 'mesh-']);
  agent.say([namespaceReport('shop', { open: 2, accelerated: 1 })]);
});

it('refuses a parameter that is given twice, which the API server and the controller might read differently', async () => {
  const { code, stderr } = await as('viewer', 'get', '--raw', `${base}/namespaces/shop/connections?watch=true&watch=false`);
  expect(code).toBe(1);
  expect(stderr).toContain('watch: given more than once');
});

it('ends a watch of the namespace with all places for the first watch of another namespace', async () => {
  const path = (namespace: string, seconds: number) => `${base}/namespaces/${namespace}/connections?watch=true&timeoutSeconds=${seconds}`;
  const users = ['hog-a', 'hog-b'];
  for (const user of users) await live.bench.kubectl(['create', 'rolebinding', user, '-n', 'shop', `--clusterrole=${view}`, `--user=${user}`]);
  const open = agent.watches.length;
  const hogs = users.flatMap((user) => Array.from({ length: 4 }, () => as(user, 'get', '--raw', path('shop', 10))));
  await waitFor('eight watches', () => agent.watches.slice(open).filter(({ events, cancel }) => events && !cancel).length === 8);
  expect(await live.bench.kubectl(['get', '--raw', path('plain', 1)])).toContain('BOOKMARK');
  const ended = (await Promise.all(hogs)).filter(({ stdout }) => stdout.includes('"ERROR"'));
  expect(ended).toHaveLength(1);
});

it('ignores headers by which a user claims to be another user', async () => {
  const kubeconfig = await kubeconfigWith(live.bench.server, 'nobody', { as: 'nobody' });
  const before = agent.watches.length;
  const { stdout } = await live.bench.server.kubectl([
    'config',
    'view',
    '--raw',
    '--kubeconfig',
    kubeconfig,
    '-o',
    'jsonpath={.users[0].user.token}',
  ]);
  const spoofed = ['-H', 'X-Remote-User: admin', '-H', 'X-Remote-Group: system:masters', '-H', 'Impersonate-User: nobody'];
  const { stdout: answer } = await attempt('curl', [
    '-sk',
    '-H',
    `Authorization: Bearer ${stdout}`,
    ...spoofed,
    `${live.bench.server.url}${base}/namespaces/shop/connections`,
  ]);
  expect(JSON.parse(answer)).toMatchObject({ code: 403, message: expect.stringContaining('User "nobody" cannot list') as string });
  expect(agent.watches).toHaveLength(before);
});

it.each([
  ['without a client certificate', {}],
  ['with a client certificate of another authority', certificateOf('front-proxy-client')],
])('refuses a connection that does not come from the API server: %s', async (_who, certificate) => {
  const before = agent.watches.length;
  const asked = new Promise<number>((resolve, reject) => {
    const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    const sent = request(
      { host: '127.0.0.1', port: live.port, path: `${base}/connections`, headers, rejectUnauthorized: false, agent: false, ...certificate },
      (response) => resolve(response.statusCode ?? 0),
    );
    sent.on('error', reject);
    sent.end();
  });
  await expect(asked).rejects.toThrow(/alert|ECONNRESET|socket hang up/i);
  expect(agent.watches).toHaveLength(before);
});

it('names the node whose agent is not connected, and accelctl exits with 3', async () => {
  await agent.close();
  expect(await accelctlOn(live.bench.server.kubeconfig, ['connections'])).toMatchObject({
    code: 3,
    stdout: expect.stringContaining('no data from node node1: its agent is not connected\n') as string,
  });
  const list = connectionList.parse(JSON.parse(await live.bench.kubectl(['get', '--raw', `${base}/namespaces/shop/connections`])));
  expect([list.items, list.silentNodes]).toEqual([[], [{ name: 'node1', message: 'its agent is not connected' }]]);
});

it('is unavailable while no controller leads, which accelctl says in one line', async () => {
  await live.bench.controller.stop();
  for (const command of ['connections', 'top', 'tap']) {
    const { code, stderr } = await accelctlOn(live.bench.server.kubeconfig, [command]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^accelctl: reading connections\.live\.acceleration\.dev: the controller does not answer the API server \(.*\); see kubectl get apiservice v1alpha1\.live\.acceleration\.dev, and accelctl doctor\n$/,
      ),
    ]);
  }
});

it('is not there without the APIService, which accelctl says in one line', async () => {
  await live.bench.kubectl(['delete', 'apiservice', 'v1alpha1.live.acceleration.dev']);
  await waitFor('the group to be gone', async () =>
    (await accelctlOn(live.bench.server.kubeconfig, ['top'])).stderr.includes('this cluster serves no live data; switch it on: helm upgrade'),
  );
});

function certificateOf(name: string): { readonly cert: string; readonly key: string } {
  const { certificate, key } = testAuthority().issue(name);
  return { cert: certificate, key };
}
