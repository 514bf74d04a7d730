import { request } from 'node:http';
import { listWith, livePath, traffic } from '../live/list.testing';
import { FakeApi, refusal, type RecordedRequest } from '../api.testing';
import { clusterOn } from '../cluster';
import { exitCode } from '../exit';
import { recorded } from '../recorded.testing';
import { accelctl } from '../run.testing';
import { newSecret } from './guard';
import { serveConsole, type ConsoleServer } from './server';

const resourcePath = '/apis/acceleration.dev/v1alpha1/sidecaraccelerations/default';
const secret = newSecret();
let next: string[];
const namespaces = {
  items: [
    { metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } },
    { metadata: { name: 'legacy', labels: { 'istio-injection': 'enabled', 'acceleration.dev/mode': 'off' } } },
    { metadata: { name: 'kube-system' } },
  ],
};

let api: FakeApi;
let server: ConsoleServer;

beforeEach(async () => {
  api = new FakeApi()
    .on(`GET ${resourcePath}`, recorded())
    .on(`PATCH ${resourcePath}`, recorded())
    .on('GET /api/v1/namespaces', namespaces)
    .on('PATCH /api/v1/namespaces/shop', {});
  next = [];
  const onEntered = (code: string): void => void next.push(code);
  server = await serveConsole({ cluster: clusterOn(api.client, 'https://test', api.readText), secret, port: 0, onEntered });
});

afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** Sends a request with the page's headers, replaced by the given ones; a header that is undefined is not sent. */
function ask(
  method: string,
  path: string,
  { body, headers = {} }: { body?: string; headers?: Record<string, string | undefined> } = {},
): Promise<Answer> {
  const origin = `http://127.0.0.1:${server.port}`;
  const all: Record<string, string | undefined> = {
    authorization: `Bearer ${secret}`,
    ...(method === 'POST' ? { origin, 'content-type': 'application/json' } : {}),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      `${origin}${path}`,
      { method, headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const changes = (): RecordedRequest[] => api.requests.filter(({ method }) => method !== 'GET');

it('escapes control characters and bidirectional overrides in its answers', async () => {
  const nodes = { desired: 1, ready: 0, unsupported: [{ reason: 'LoadRefused' as const, nodes: 1, examples: ['n'], message: 'a\u202eb\u009bc' }] };
  api.on(`GET ${resourcePath}`, recorded({ status: { nodes } }));
  const { text } = await ask('GET', '/api/state');
  expect(JSON.parse(text)).toMatchObject({ resource: { status: { nodes: { unsupported: [{ message: 'a\\u202eb\\u009bc' }] } } } });
});

describe('the page', () => {
  it('is served without the secret, contains no data of the cluster, and has a content security policy', async () => {
    const { status, headers, text } = await ask('GET', '/', { headers: { authorization: undefined } });
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toMatch(/script-src 'self' 'sha256-[\w+/=]{44}';/);
    expect(text).not.toContain(secret);
    expect(api.requests).toEqual([]);
  });

  it('loads all its files from this server', async () => {
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

  it.each(['/../package.json', '/page/', '/lib/../../server.ts', '/%2e%2e/package.json', '/nowhere'])(
    'is the only thing that is served; %s gives 404',
    async (path) => {
      expect((await ask('GET', path)).status).toBe(404);
    },
  );
});

describe('the console', () => {
  it('answers with the state of the cluster', async () => {
    const { status, text } = await ask('GET', '/api/state');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      server: 'https://test',
      ready: true,
      resource: { spec: { mode: 'Accelerate' } },
      namespaces: [
        { name: 'shop', selected: true, optedOut: false },
        { name: 'legacy', selected: false, optedOut: true },
        { name: 'kube-system', selected: false, optedOut: false },
      ],
    });
  });

  it('distinguishes a change that is being applied from one that has failed', async () => {
    const resource = recorded();
    const judged = async (): Promise<unknown> => {
      const { ready, settling } = JSON.parse((await ask('GET', '/api/state')).text) as { ready: boolean; settling: boolean };
      return { ready, settling };
    };
    const changed = (metadata: object, status: object): object => ({
      ...resource,
      metadata: { ...resource.metadata, ...metadata },
      status: { ...resource.status, ...status },
    });
    const said = (type: string, status: string): object => ({
      type,
      status,
      reason: 'Tested',
      message: '',
      observedGeneration: resource.metadata.generation,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    api.on(`GET ${resourcePath}`, changed({ generation: resource.metadata.generation + 1 }, {}));
    expect(await judged()).toEqual({ ready: false, settling: true });
    api.on(`GET ${resourcePath}`, changed({}, { conditions: [said('Ready', 'False'), said('Progressing', 'False')] }));
    expect(await judged()).toEqual({ ready: false, settling: false });
    api.on(`GET ${resourcePath}`, changed({}, { conditions: [] }));
    expect(await judged()).toEqual({ ready: false, settling: false });
  });

  it('answers also without a resource and without the right to list namespaces', async () => {
    api.on(`GET ${resourcePath}`, refusal(404, { reason: 'NotFound' })).on('GET /api/v1/namespaces', refusal(403));
    expect(JSON.parse((await ask('GET', '/api/state')).text)).toEqual({
      server: 'https://test',
      ready: false,
      settling: false,
      explained: {},
      message: expect.stringContaining('there is no resource'),
    });
  });

  it('answers with the mean round-trip time of open connections, or why there is none', async () => {
    const pods = [
      traffic('cart', 0, 0, { connections: { open: 3, accelerated: 3 }, roundTripMicroseconds: 100 }),
      traffic('web', 0, 0, { connections: { open: 1, accelerated: 0 }, roundTripMicroseconds: 500 }),
    ];
    api.on(`GET ${livePath}`, listWith({ items: [], pods, silentNodes: [{ name: 'node2', message: 'its agent is not connected' }] }));
    expect(JSON.parse((await ask('GET', '/api/live')).text)).toEqual({
      open: 4,
      roundTripMicroseconds: 200,
      silent: ['no data from node node2: its agent is not connected'],
    });
    api.on(`GET ${livePath}`, refusal(404, '404 page not found'));
    const { status, text } = await ask('GET', '/api/live');
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { problem: expect.stringContaining('this cluster serves no live data; switch it on: helm upgrade') as string },
    ]);
  });

  it('answers with null when no bench has run', async () => {
    expect((await ask('GET', '/api/bench')).text).toBe('null');
  });

  it('changes the mode only while the spec has the generation that the page showed', async () => {
    expect((await ask('POST', '/api/mode', { body: '{"mode":"Off","generation":3}' })).status).toBe(200);
    const body = [
      { op: 'test', path: '/metadata/generation', value: 3 },
      { op: 'add', path: '/spec/mode', value: 'Off' },
    ];
    expect(changes()).toEqual([{ method: 'PATCH', path: resourcePath, query: { fieldManager: 'accelctl' }, body }]);
    api.on(`PATCH ${resourcePath}`, refusal(422, { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' }));
    const refused = await ask('POST', '/api/mode', { body: '{"mode":"Off","generation":2}' });
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('another client has changed it in between')]);
  });

  it.each([
    [true, 'off'],
    [false, null],
  ])('sets the label that excludes a namespace (%p)', async (optedOut, value) => {
    expect((await ask('POST', '/api/namespace', { body: JSON.stringify({ name: 'shop', optedOut }) })).status).toBe(200);
    expect(changes()).toEqual([
      expect.objectContaining({ path: '/api/v1/namespaces/shop', body: { metadata: { labels: { 'acceleration.dev/mode': value } } } }),
    ]);
  });

  it.each([
    ['an unknown mode', '/api/mode', '{"mode":"On","generation":1}'],
    ['a mode without a generation', '/api/mode', '{"mode":"Off"}'],
    ['an unknown field', '/api/mode', '{"mode":"Off","generation":1,"force":true}'],
    ['a path as a name', '/api/namespace', '{"name":"../nodes/a","optedOut":true}'],
    ['a system namespace', '/api/namespace', '{"name":"kube-system","optedOut":false}'],
    ['invalid JSON', '/api/mode', 'mode=Off'],
    ['a body that is too long', '/api/mode', `{"mode":"Off","generation":${'1'.repeat(5_000)}}`],
  ])('rejects %s, and changes nothing', async (_what, path, body) => {
    const { status, text } = await ask('POST', path, { body });
    expect([status, JSON.parse(text)]).toEqual([409, { error: expect.stringMatching(/^[^\n]+; [^\n]+$/) }]);
    expect(changes()).toEqual([]);
  });

  it.each([
    ['without the secret', { authorization: undefined }, 401],
    ['from another site', { origin: 'https://evil.example' }, 403],
    ['without an origin', { origin: undefined }, 403],
    ['with another host name', { host: 'evil.example' }, 403],
    ['with the content type of a form', { 'content-type': 'text/plain' }, 415],
  ])('rejects a change %s', async (_what, headers, status) => {
    expect((await ask('POST', '/api/mode', { body: '{"mode":"Off","generation":1}', headers })).status).toBe(status);
    expect(api.requests).toEqual([]);
  });

  it.each([
    ['GET', '/api/mode'],
    ['POST', '/api/state'],
    ['GET', '/api/constructor'],
    ['POST', '/'],
  ])('gives 404 for %s %s', async (method, path) => {
    expect((await ask(method, path, method === 'POST' ? { body: '{}' } : {})).status).toBe(404);
  });

  it('gives the secret for the code of a printed address once, and to nobody else', async () => {
    const enter = (headers: Record<string, string | undefined>) => ask('POST', '/api/enter', { body: '{}', headers });
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
    expect((await enter(bearer(newSecret()))).status).toBe(401);
    expect((await enter(bearer(secret))).status).toBe(401);
    expect((await enter({ ...bearer(server.code), origin: undefined })).status).toBe(403);
    expect((await enter({ ...bearer(server.code), origin: 'https://evil.example' })).status).toBe(403);
    expect((await enter({ ...bearer(server.code), 'content-type': 'text/plain' })).status).toBe(415);
    expect((await ask('GET', '/api/enter', { headers: bearer(server.code) })).status).toBe(401);
    const first = await enter(bearer(server.code));
    expect([first.status, JSON.parse(first.text)]).toEqual([200, { secret }]);
    const second = await enter(bearer(server.code));
    expect([second.status, JSON.parse(second.text)]).toEqual([401, { error: expect.stringContaining('has been opened already') as string }]);
    const other = await enter(bearer(next[0] ?? ''));
    expect([other.status, next.length]).toEqual([200, 2]);
  });

  it('does not take the code for the secret', async () => {
    expect((await ask('GET', '/api/state', { headers: { authorization: `Bearer ${server.code}` } })).status).toBe(401);
  });

  it('listens on loopback only', async () => {
    const { networkInterfaces } = await import('node:os');
    const other = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.internal === false && each.family === 'IPv4');
    if (other === undefined) return expect(server.port).toBeGreaterThan(0);
    await expect(fetch(`http://${other.address}:${server.port}/`)).rejects.toThrow();
  });
});

describe('accelctl console', () => {
  it('prints an address with a code in the fragment, and closes the port when the user interrupts it', async () => {
    const { code, printed } = await accelctl(api, ['console']);
    expect(printed).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/)]);
    await expect(fetch(printed[0] ?? '')).rejects.toThrow();
    expect(code).toBe(exitCode.success);
  });

  it('prints no address when the cluster cannot be reached', async () => {
    const { code, printed, complaints } = await accelctl(new FakeApi().on(`GET ${resourcePath}`, new Error('connect ECONNREFUSED')), ['console']);
    expect([code, printed, complaints]).toEqual([exitCode.error, [], [expect.stringContaining('https://test cannot be reached')]]);
  });

  it('names a port that is in use', async () => {
    const { code, complaints } = await accelctl(api, ['console', '--port', String(server.port)]);
    expect(complaints[0]).toMatch(/^accelctl: listening on 127\.0\.0\.1:\d+: .*EADDRINUSE.*; choose another --port, or omit it$/);
    expect(code).toBe(exitCode.error);
  });
});
