// Live data through a real API server: who may see it, and that nobody can say he is somebody else.
import { request } from 'node:https';
import { connectionWith } from '../../operator/controller/live/live.testing';
import { testAuthority } from '../../operator/protocol/certificates.testing';
import { connectionList, liveEvent } from '../../operator/api';
import { kubeconfigWith } from '../support/accelctl';
import { happen, LiveBench } from '../support/liveBench';
import type { TestAgent } from '../support/testAgent';
import { attempt } from '../tools/command';

const base = '/apis/live.acceleration.dev/v1alpha1';

let live: LiveBench;
let agent: TestAgent;

beforeAll(async () => {
  live = await LiveBench.start();
  agent = await live.agent();
  await live.bench.kubectl(['create', 'rolebinding', 'viewer', '-n', 'shop', '--clusterrole=sidecar-acceleration-view', '--user=viewer']);
}, 240_000);

afterAll(() => live?.stop());

/** kubectl as that user. */
const as = (user: string, ...args: string[]) => live.bench.server.kubectl(['--as', user, ...args]);

it('hands out the connections of a namespace, with the sums of its pods', async () => {
  const list = connectionList.parse(JSON.parse(await live.bench.kubectl(['get', '--raw', `${base}/namespaces/shop/connections`])));
  expect(list).toMatchObject({ silentNodes: [], items: [{ node: 'node1', pod: 'cart', state: 'Accelerated', peer: 'shop/web' }], pods: [{ name: 'cart', connections: { open: 2, accelerated: 1 } }] });
});

it('is found by kubectl as any other kind', async () => {
  expect(await live.bench.kubectl(['get', 'connections.live.acceleration.dev', '-n', 'shop', '-o', 'name'])).toBe('connection.live.acceleration.dev/node1.2a\n');
  expect(await live.bench.kubectl(['api-resources', '--api-group=live.acceleration.dev', '-o', 'name'])).toBe('connections.live.acceleration.dev\n');
});

it('tells what happens, a line an event', async () => {
  const reading = live.bench.kubectl(['get', '--raw', `${base}/namespaces/shop/connections?watch=true&timeoutSeconds=3`]);
  await happen(agent, { type: 'Opened', connection: connectionWith({ accelerated: false, reason: 'Learning' }) }, { type: 'Closed', connection: connectionWith() });
  const events = (await reading).trim().split('\n').map((line) => liveEvent.parse(JSON.parse(line)));
  expect(events.flatMap((each) => (each.type === 'BOOKMARK' || each.type === 'ERROR' ? [] : [each.object.event]))).toEqual(['Opened', 'Closed']);
});

it('shows the connections of a namespace to who may view it, and nothing to anybody else', async () => {
  expect((await as('viewer', 'get', '--raw', `${base}/namespaces/shop/connections`)).code).toBe(0);
  for (const [user, path] of [['viewer', `${base}/connections`], ['viewer', `${base}/namespaces/bank/connections`], ['nobody', `${base}/namespaces/shop/connections`]] as const) {
    const { code, stderr } = await as(user, 'get', '--raw', path);
    expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(stderr).toMatch(new RegExp(`^Error from server \\(Forbidden\\): connections.live.acceleration.dev is forbidden: User "${user}" cannot list resource "connections"`));
  }
});

it('takes no word about who asks from the user himself', async () => {
  const kubeconfig = await kubeconfigWith(live.bench.server, 'nobody', { as: 'nobody' });
  const before = agent.watches.length;
  const { stdout } = await live.bench.server.kubectl(['config', 'view', '--raw', '--kubeconfig', kubeconfig, '-o', 'jsonpath={.users[0].user.token}']);
  const spoofed = ['-H', 'X-Remote-User: admin', '-H', 'X-Remote-Group: system:masters', '-H', 'Impersonate-User: nobody'];
  const { stdout: answer } = await attempt('curl', ['-sk', '-H', `Authorization: Bearer ${stdout}`, ...spoofed, `${live.bench.server.url}${base}/namespaces/shop/connections`]);
  expect(JSON.parse(answer)).toMatchObject({ code: 403, message: expect.stringContaining('User "nobody" cannot list') as string });
  expect(agent.watches).toHaveLength(before);
});

it.each([
  ['nobody without a certificate', {}],
  ['nobody with a certificate of an authority of his own', certificateOf('front-proxy-client')],
])('lets in %s who comes without the API server', async (_who, certificate) => {
  const before = agent.watches.length;
  const asked = new Promise<number>((resolve, reject) => {
    const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    const sent = request({ host: '127.0.0.1', port: live.port, path: `${base}/connections`, headers, rejectUnauthorized: false, agent: false, ...certificate }, (response) => resolve(response.statusCode ?? 0));
    sent.on('error', reject);
    sent.end();
  });
  await expect(asked).rejects.toThrow(/alert|ECONNRESET|socket hang up/i);
  expect(agent.watches).toHaveLength(before);
});

it('names the node whose agent is gone', async () => {
  await agent.close();
  const list = connectionList.parse(JSON.parse(await live.bench.kubectl(['get', '--raw', `${base}/namespaces/shop/connections`])));
  expect([list.items, list.silentNodes]).toEqual([[], [{ name: 'node1', message: 'its agent is not connected' }]]);
});

function certificateOf(name: string): { readonly cert: string; readonly key: string } {
  const { certificate, key } = testAuthority().issue(name);
  return { cert: certificate, key };
}
