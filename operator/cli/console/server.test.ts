import { request } from 'node:http';
import { listWith, livePath, traffic } from '../live/list.testing';
import { FakeApi, refusal, type Asked } from '../api.testing';
import { clusterOn } from '../cluster';
import { exitCode } from '../exit';
import { recorded } from '../recorded.testing';
import { accelctl } from '../run.testing';
import { newSecret } from './guard';
import { serveConsole, type ConsoleServer } from './server';

const resourcePath = '/apis/acceleration.dev/v1alpha1/sidecaraccelerations/default';
const secret = newSecret();
const namespaces = { items: [{ metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } }, { metadata: { name: 'legacy', labels: { 'istio-injection': 'enabled', 'acceleration.dev/mode': 'off' } } }, { metadata: { name: 'kube-system' } }] };

let api: FakeApi;
let server: ConsoleServer;

beforeEach(async () => {
  api = new FakeApi().on(`GET ${resourcePath}`, recorded()).on(`PATCH ${resourcePath}`, recorded()).on('GET /api/v1/namespaces', namespaces).on('PATCH /api/v1/namespaces/shop', {});
  server = await serveConsole({ cluster: clusterOn(api.client, 'https://test', api.readText), secret, port: 0 });
});

afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** As the page asks, but for the given headers; an undefined one is not sent. */
function ask(method: string, path: string, { body, headers = {} }: { body?: string; headers?: Record<string, string | undefined> } = {}): Promise<Answer> {
  const origin = `http://127.0.0.1:${server.port}`;
  const all: Record<string, string | undefined> = { authorization: `Bearer ${secret}`, ...(method === 'POST' ? { origin, 'content-type': 'application/json' } : {}), ...headers };
  return new Promise((resolve, reject) => {
    const sent = request(`${origin}${path}`, { method, headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const changes = (): Asked[] => api.asked.filter(({ method }) => method !== 'GET');

it('hands out no text that would turn letters round or steer a terminal', async () => {
  const nodes = { desired: 1, ready: 0, unsupported: [{ reason: 'LoadRefused' as const, nodes: 1, examples: ['n'], message: 'a\u202eb\u009bc' }] };
  api.on(`GET ${resourcePath}`, recorded({ status: { nodes } }));
  const { text } = await ask('GET', '/api/state');
  expect(JSON.parse(text)).toMatchObject({ resource: { status: { nodes: { unsupported: [{ message: 'a\\u202eb\\u009bc' }] } } } });
});

describe('the page', () => {
  it('is served without the secret, holds nothing of the cluster, and comes with its policy', async () => {
    const { status, headers, text } = await ask('GET', '/', { headers: { authorization: undefined } });
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toMatch(/script-src 'self' 'sha256-[\w+/=]{44}';/);
    expect(text).not.toContain(secret);
    expect(api.asked).toEqual([]);
  });

  it('brings everything that it loads, from this server alone', async () => {
    const { text } = await ask('GET', '/');
    const named = [...text.matchAll(/(?:src|href)="([^"]+)"|: "(\/lib\/[^"]+)"/g)].map(([, a, b]) => a ?? b ?? '');
    expect(named.length).toBeGreaterThan(5);
    const modules = new Set(named);
    for (const path of modules) {
      const asset = await ask('GET', path);
      expect([path, asset.status]).toEqual([path, 200]);
      for (const [, next = ''] of asset.text.matchAll(/from '\.(\/[\w-]+\.mjs)'/g)) modules.add(next);
    }
  });

  it.each(['/../package.json', '/page/', '/lib/../../server.ts', '/%2e%2e/package.json', '/nowhere'])('is the only thing that is served, not %s', async (path) => {
    expect((await ask('GET', path)).status).toBe(404);
  });
});

describe('the console', () => {
  it('tells the state of the cluster', async () => {
    const { status, text } = await ask('GET', '/api/state');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      server: 'https://test',
      ready: true,
      resource: { spec: { mode: 'Accelerate' } },
      namespaces: [{ name: 'shop', selected: true, optedOut: false }, { name: 'legacy', selected: false, optedOut: true }, { name: 'kube-system', selected: false, optedOut: false }],
    });
  });

  it('tells what is on its way from what is stuck', async () => {
    const resource = recorded();
    const judged = async (): Promise<unknown> => {
      const { ready, settling } = JSON.parse((await ask('GET', '/api/state')).text) as { ready: boolean; settling: boolean };
      return { ready, settling };
    };
    const changed = (metadata: object, status: object): object => ({ ...resource, metadata: { ...resource.metadata, ...metadata }, status: { ...resource.status, ...status } });
    const said = (type: string, status: string): object => ({ type, status, reason: 'Tested', message: '', observedGeneration: resource.metadata.generation, lastTransitionTime: '2026-01-01T00:00:00Z' });
    api.on(`GET ${resourcePath}`, changed({ generation: resource.metadata.generation + 1 }, {}));
    expect(await judged()).toEqual({ ready: false, settling: true });
    api.on(`GET ${resourcePath}`, changed({}, { conditions: [said('Ready', 'False'), said('Progressing', 'False')] }));
    expect(await judged()).toEqual({ ready: false, settling: false });
    api.on(`GET ${resourcePath}`, changed({}, { conditions: [] }));
    expect(await judged()).toEqual({ ready: false, settling: false });
  });

  it('tells it also where there is no resource, and where namespaces may not be listed', async () => {
    api.on(`GET ${resourcePath}`, refusal(404, { reason: 'NotFound' })).on('GET /api/v1/namespaces', refusal(403));
    expect(JSON.parse((await ask('GET', '/api/state')).text)).toEqual({ server: 'https://test', ready: false, settling: false, explained: {}, message: expect.stringContaining('there is no resource') });
  });

  it('tells the mean round-trip time of open connections, or why it is not to be had', async () => {
    const pods = [traffic('cart', 0, 0, { connections: { open: 3, accelerated: 3 }, roundTripMicroseconds: 100 }), traffic('web', 0, 0, { connections: { open: 1, accelerated: 0 }, roundTripMicroseconds: 500 })];
    api.on(`GET ${livePath}`, listWith({ items: [], pods, silentNodes: [{ name: 'node2', message: 'its agent is not connected' }] }));
    expect(JSON.parse((await ask('GET', '/api/live')).text)).toEqual({ open: 4, roundTripMicroseconds: 200, silent: ['node node2 is silent: its agent is not connected'] });
    api.on(`GET ${livePath}`, refusal(404, '404 page not found'));
    const { status, text } = await ask('GET', '/api/live');
    expect([status, JSON.parse(text)]).toEqual([200, { problem: expect.stringContaining('this cluster serves no live data; switch it on: helm upgrade') as string }]);
  });

  it('has no picture of a bench before there was one', async () => {
    expect((await ask('GET', '/api/bench')).text).toBe('null');
  });

  it('switches the spec that was seen, and no newer one', async () => {
    expect((await ask('POST', '/api/mode', { body: '{"mode":"Off","generation":3}' })).status).toBe(200);
    const body = [
      { op: 'test', path: '/metadata/generation', value: 3 },
      { op: 'add', path: '/spec/mode', value: 'Off' },
    ];
    expect(changes()).toEqual([{ method: 'PATCH', path: resourcePath, query: { fieldManager: 'accelctl' }, body }]);
    api.on(`PATCH ${resourcePath}`, refusal(422, { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' }));
    const refused = await ask('POST', '/api/mode', { body: '{"mode":"Off","generation":2}' });
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('somebody has changed it meanwhile')]);
  });

  it.each([
    [true, 'off'],
    [false, null],
  ])('keeps a namespace out (%p) by its label', async (optedOut, value) => {
    expect((await ask('POST', '/api/namespace', { body: JSON.stringify({ name: 'shop', optedOut }) })).status).toBe(200);
    expect(changes()).toEqual([expect.objectContaining({ path: '/api/v1/namespaces/shop', body: { metadata: { labels: { 'acceleration.dev/mode': value } } } })]);
  });

  it.each([
    ['an unknown mode', '/api/mode', '{"mode":"On","generation":1}'],
    ['a mode without a generation', '/api/mode', '{"mode":"Off"}'],
    ['an unknown field', '/api/mode', '{"mode":"Off","generation":1,"force":true}'],
    ['a path for a name', '/api/namespace', '{"name":"../nodes/a","optedOut":true}'],
    ['a namespace of the system', '/api/namespace', '{"name":"kube-system","optedOut":false}'],
    ['what is no JSON', '/api/mode', 'mode=Off'],
    ['too much', '/api/mode', `{"mode":"Off","generation":${'1'.repeat(5_000)}}`],
  ])('refuses %s, and changes nothing', async (_what, path, body) => {
    const { status, text } = await ask('POST', path, { body });
    expect([status, JSON.parse(text)]).toEqual([409, { error: expect.stringMatching(/^[^\n]+; [^\n]+$/) }]);
    expect(changes()).toEqual([]);
  });

  it.each([
    ['without the secret', { authorization: undefined }, 401],
    ['from another site', { origin: 'https://evil.example' }, 403],
    ['without an origin', { origin: undefined }, 403],
    ['under a foreign name', { host: 'evil.example' }, 403],
    ['as a form', { 'content-type': 'text/plain' }, 415],
  ])('is not switched %s', async (_what, headers, status) => {
    expect((await ask('POST', '/api/mode', { body: '{"mode":"Off","generation":1}', headers })).status).toBe(status);
    expect(api.asked).toEqual([]);
  });

  it.each([['GET', '/api/mode'], ['POST', '/api/state'], ['GET', '/api/constructor'], ['POST', '/']])('has no %s %s', async (method, path) => {
    expect((await ask(method, path, method === 'POST' ? { body: '{}' } : {})).status).toBe(404);
  });

  it('listens on loopback only', async () => {
    const { networkInterfaces } = await import('node:os');
    const other = Object.values(networkInterfaces()).flat().find((each) => each?.internal === false && each.family === 'IPv4');
    if (other === undefined) return expect(server.port).toBeGreaterThan(0);
    await expect(fetch(`http://${other.address}:${server.port}/`)).rejects.toThrow();
  });
});

describe('accelctl console', () => {
  it('prints an address with a secret that no request carries, and ends when its user wants it to', async () => {
    const { code, printed } = await accelctl(api, ['console']);
    expect(printed).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/)]);
    await expect(fetch(printed[0] ?? '')).rejects.toThrow();
    expect(code).toBe(exitCode.fine);
  });

  it('says before it serves that the cluster cannot be reached', async () => {
    const { code, printed, complaints } = await accelctl(new FakeApi().on(`GET ${resourcePath}`, new Error('connect ECONNREFUSED')), ['console']);
    expect([code, printed, complaints]).toEqual([exitCode.error, [], [expect.stringContaining('https://test cannot be reached')]]);
  });

  it('says which port is taken', async () => {
    const { code, complaints } = await accelctl(api, ['console', '--port', String(server.port)]);
    expect(complaints[0]).toMatch(/^accelctl: listening on 127\.0\.0\.1:\d+: .*EADDRINUSE.*; choose another --port, or none$/);
    expect(code).toBe(exitCode.error);
  });
});
