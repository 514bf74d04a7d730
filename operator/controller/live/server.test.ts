// The live API over real TLS: which clients are accepted, as which user, and what they get.
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { ApiError, type KubeClient } from '../../kube';
import { type TestAuthority, testAuthority } from '../../protocol/certificates.testing';
import type { CertificatePair, Connection } from '../../protocol';
import type { FrontProxy } from './frontProxy';
import { connectionWith, ScriptedAgent, watchedWith } from './live.testing';
import { Questions } from './questions';
import { type LiveServer, type LiveTimes, serveLive } from './server';

const own = testAuthority();
const proxies = testAuthority();
const proxy: FrontProxy = {
  authority: proxies.ca,
  allowedNames: ['front-proxy'],
  userHeaders: ['x-remote-user'],
  uidHeaders: ['x-remote-uid'],
  groupHeaders: ['x-remote-group'],
  extraPrefixes: ['x-remote-extra-'],
};
const base = '/apis/live.acceleration.dev/v1alpha1';
const asAnna = {
  'x-remote-user': 'anna',
  'x-remote-group': ['dev', 'system:authenticated'],
  'x-remote-uid': 'u1',
  'x-remote-extra-acme.com%2fproject': 'p1',
};

let server: LiveServer;
let reviews: { spec: Record<string, unknown> }[];
let allowed: (spec: Record<string, unknown>) => boolean;
let agent: ScriptedAgent;
let questions: Questions;
let logged: string[];
/** Connections of the agent's list. */
let listed: Connection[];

const client: KubeClient = {
  request: (method, path, options) => {
    expect([method, path]).toEqual(['POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews']);
    const review = options?.body as { spec: Record<string, unknown> };
    reviews.push(review);
    return Promise.resolve({ ...review, status: { allowed: allowed(review.spec) } });
  },
  stream: () => {
    throw new Error('nothing is streamed from the API server');
  },
};

/** @param times by default those of the product */
function serve(times?: LiveTimes): Promise<LiveServer> {
  return serveLive({
    host: '127.0.0.1',
    port: 0,
    tls: own.issue('live.test'),
    frontProxy: proxy,
    client,
    questions,
    now: () => new Date(0),
    log: (_level, message) => logged.push(message),
    ...(times === undefined ? {} : { times }),
  });
}

async function serveAgain(times?: LiveTimes): Promise<void> {
  await server.close();
  server = await serve(times);
}

beforeEach(async () => {
  [reviews, logged, allowed, listed] = [[], [], () => true, [connectionWith()]];
  agent = new ScriptedAgent('node1', ({ id, events, cancel }) => {
    if (!cancel)
      questions.heard(
        'node1',
        watchedWith(
          id,
          events
            ? { last: false }
            : {
                connections: listed,
                pods: [{ namespace: 'shop', name: 'cart', open: 3, accelerated: 2, fastBytes: 9, tcpBytes: 1, rttUs: 5 }],
                omitted: 2,
              },
        ),
      );
  });
  questions = new Questions(() => [agent], { answerMs: 100, lookAgainMs: 10 });
  server = await serve();
});
afterEach(() => server.close());

interface Asked {
  readonly headers?: OutgoingHttpHeaders;
  /** Client certificate; null for none. */
  readonly as?: CertificatePair | null;
  readonly method?: string;
  readonly onLine?: (line: string) => void;
}
interface Heard {
  readonly code: number;
  readonly body: string;
}

const trusted = proxies.issue('front-proxy');
const keyed = ({ certificate, key }: CertificatePair) => ({ cert: certificate, key });

function ask(path: string, { headers = asAnna, as = trusted, method = 'GET', onLine }: Asked = {}): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const tls = as === null ? {} : { cert: as.certificate, key: as.key };
    const sent = httpsRequest(
      { host: '127.0.0.1', port: server.port, path, method, headers, ca: own.ca, servername: 'live.test', agent: false, ...tls },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
          if (onLine !== undefined)
            body
              .split('\n')
              .slice(0, -1)
              .forEach((line) => onLine(line));
          if (onLine !== undefined) body = body.slice(body.lastIndexOf('\n') + 1);
        });
        response.on('error', reject);
        response.on('close', () => resolve({ code: response.statusCode ?? 0, body }));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

/** Asks and reads nothing of the answer but its head. */
function askAndNotRead(path: string, user = 'anna'): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-remote-user': user };
    const sent = httpsRequest(
      { host: '127.0.0.1', port: server.port, path, headers, ca: own.ca, servername: 'live.test', agent: false, ...keyed(trusted) },
      (response) => resolve(response.on('error', () => undefined)),
    );
    sent.on('error', reject);
    sent.end();
  });
}

const wrong = (made: TestAuthority, name: string): CertificatePair => made.issue(name);

describe('a client is not accepted', () => {
  test.each([
    ['without a certificate', null],
    ['with the right name in a certificate of another authority', wrong(own, 'front-proxy')],
  ])('%s, whatever its headers are', async (_who, as) => {
    await expect(ask(`${base}/connections`, { as, headers: { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' } })).rejects.toThrow(
      /alert|ECONNRESET|socket hang up/i,
    );
    expect(reviews).toEqual([]);
  });

  test('with a certificate of the right authority that is not the front proxy’s', async () => {
    const { code, body } = await ask(`${base}/connections`, { as: proxies.issue('somebody-else') });
    expect([code, JSON.parse(body)]).toEqual([
      401,
      expect.objectContaining({ kind: 'Status', message: 'only the API server may connect, with the certificate of its front proxy' }),
    ]);
    expect(reviews).toEqual([]);
  });

  test('with a certificate of the former authority after it was replaced', async () => {
    const next = testAuthority();
    server.use(own.issue('live.test'), { ...proxy, authority: next.ca });
    await expect(ask(base)).rejects.toThrow(/alert|ECONNRESET|socket hang up/i);
    expect((await ask(base, { as: next.issue('front-proxy') })).code).toBe(200);
  });
});

test('closing does not wait for clients, also not for one that is silent', async () => {
  const silent = connect(server.port, '127.0.0.1');
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  await server.close();
  await closed;
});

describe('clients without the front proxy’s certificate', () => {
  const somebody = proxies.issue('somebody-else');
  /** Another address of this machine. */
  const elsewhere = () => ({ port: server.port, host: '127.0.0.1', localAddress: '127.0.0.9' });
  function stranger(): Socket {
    const socket = connect(elsewhere());
    connectTls({ socket, ca: own.ca, servername: 'live.test', ...keyed(somebody) })
      .on('error', () => undefined)
      .resume();
    return socket;
  }
  test.each([
    ['are silent', (): Socket => connect(elsewhere())],
    [
      'begin a handshake and then are silent',
      (): Socket =>
        connect(elsewhere()).on('connect', function begin(this: Socket) {
          this.write(Buffer.from([0x16, 3, 1, 1, 0]));
        }),
    ],
    ['have a certificate with another name', stranger],
  ])('do not keep the front proxy out when 150 of them %s', async (_, come) => {
    const crowd = Array.from({ length: 150 }, () =>
      come()
        .on('error', () => undefined)
        .resume(),
    );
    await Promise.all(crowd.map((each) => once(each, 'connect')));
    try {
      for (let each = 0; each < 5; each += 1) expect((await ask(base)).code).toBe(200);
      await Promise.all(crowd.map(async (each) => each.destroyed || once(each, 'close')));
    } finally {
      for (const each of crowd) each.destroy();
    }
  });

  test('are ended when they are silent, while a silent client with that certificate stays connected', async () => {
    const shown = connectTls({ port: server.port, host: '127.0.0.1', ca: own.ca, servername: 'live.test', ...keyed(trusted) }).resume();
    const silent = connect(server.port, '127.0.0.1').resume();
    await once(shown, 'secureConnect');
    await once(silent, 'close');
    expect(shown.destroyed).toBe(false);
    shown.destroy();
  });
});

describe('the user of a request', () => {
  test('is taken from the front proxy’s headers, with groups, uid and extra, and the API server checks exactly that user', async () => {
    await ask(`${base}/namespaces/shop/connections`);
    expect(reviews.map(({ spec }) => spec)).toEqual([
      {
        user: 'anna',
        uid: 'u1',
        groups: ['dev', 'system:authenticated'],
        extra: { 'acme.com/project': ['p1'] },
        resourceAttributes: { group: 'live.acceleration.dev', version: 'v1alpha1', resource: 'connections', verb: 'list', namespace: 'shop' },
      },
    ]);
  });

  test('is unknown when only other headers are sent', async () => {
    const { code, body } = await ask(`${base}/connections`, {
      headers: { 'x-forwarded-user': 'admin', authorization: 'Bearer x', 'impersonate-user': 'admin' },
    });
    expect([code, JSON.parse(body)]).toEqual([401, expect.objectContaining({ message: 'the headers of the API server name no user' })]);
  });

  test('is refused without the right, and no agent gets a request', async () => {
    allowed = () => false;
    const { code, body } = await ask(`${base}/namespaces/shop/connections`);
    expect([code, JSON.parse(body)]).toEqual([
      403,
      expect.objectContaining({
        reason: 'Forbidden',
        message:
          'connections.live.acceleration.dev is forbidden: User "anna" cannot list resource "connections" in API group "live.acceleration.dev" in the namespace "shop"',
      }),
    ]);
    expect(agent.asked).toEqual([]);
  });

  test('needs the right to watch for a watch, and a cluster-wide right for all namespaces', async () => {
    allowed = ({ resourceAttributes }) =>
      (resourceAttributes as { namespace?: string; verb: string }).namespace === 'shop' && (resourceAttributes as { verb: string }).verb === 'list';
    expect((await ask(`${base}/namespaces/shop/connections`)).code).toBe(200);
    expect((await ask(`${base}/namespaces/shop/connections?watch=1`)).code).toBe(403);
    expect((await ask(`${base}/connections`)).code).toBe(403);
  });

  test('loses an open watch when the right is withdrawn, and reads why', async () => {
    await serveAgain({ writeMs: 1000, checkAgainMs: 50 });
    const lines: string[] = [];
    const watching = ask(`${base}/namespaces/shop/connections?watch=1&timeoutSeconds=4`, { onLine: (line) => lines.push(line) });
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    allowed = () => false;
    await watching;
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { type: 'BOOKMARK' },
      { type: 'ERROR', object: { code: 403, message: 'the right to watch these connections was withdrawn' } },
    ]);
    expect(agent.asked.at(-1)).toMatchObject({ cancel: true });
    expect(new Set(reviews.map(({ spec }) => JSON.stringify(spec))).size).toBe(1);
  });

  test('gets 503 while the API server does not answer', async () => {
    allowed = () => {
      throw new ApiError('POST: no answer within 15000 ms', 0, '');
    };
    const { code, body } = await ask(`${base}/connections`);
    expect([code, JSON.parse(body)]).toEqual([503, expect.objectContaining({ reason: 'ServiceUnavailable' })]);
    expect(logged.join()).toContain('no answer within');
  });
});

/** More than the system buffers for one connection. */
const longList = (): Connection[] =>
  Array.from({ length: 5000 }, (_, at) => connectionWith({ id: `${at}`, pod: 'x'.repeat(250), peer: `shop/${'x'.repeat(250)}` }));

describe('a list that its client does not read', () => {
  const list = `${base}/namespaces/shop/connections?limit=5000`;
  test('keeps its place until it is read or its connection is closed', async () => {
    listed = longList();
    const unread = await Promise.all([1, 2, 3, 4].map(() => askAndNotRead(list)));
    expect(unread.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await ask(list)).code).toBe(429);
    unread[0]?.resume();
    unread[1]?.destroy();
    while ((await ask(list)).code !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
    unread.forEach((each) => each.destroy());
  });

  test('loses its connection, and its place, after a time', async () => {
    await serveAgain({ writeMs: 1000, checkAgainMs: 30_000 });
    listed = longList();
    const unread = await Promise.all([1, 2, 3, 4].map(() => askAndNotRead(list)));
    expect((await ask(list)).code).toBe(429);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await ask(list)).code).toBe(200);
    await Promise.all(unread.map((each) => new Promise((resolve) => each.resume().once('close', resolve))));
    expect(unread.map(({ complete }) => complete)).toEqual([false, false, false, false]);
  });
});

describe('when one namespace has all places', () => {
  const victim = { headers: { 'x-remote-user': 'victim' } };
  const shop = `${base}/namespaces/shop/connections`;
  const bank = `${base}/namespaces/bank/connections`;
  const hogs = ['anna', 'ben'].flatMap((user) => Array<string>(4).fill(user));

  test('a watch of another namespace is opened, and the watch that ends for it says why', async () => {
    const lines: string[] = [];
    const watches = hogs.map((user) =>
      ask(`${shop}?watch=1&timeoutSeconds=4`, { headers: { 'x-remote-user': user }, onLine: (line) => lines.push(line) }),
    );
    while (lines.length < 8) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await ask(`${bank}?watch=1&timeoutSeconds=1`, { ...victim, onLine: () => undefined })).code).toBe(200);
    await Promise.all(watches);
    const errors = lines.filter((line) => line.includes('"ERROR"')).map((line) => JSON.parse(line) as unknown);
    expect(errors).toEqual([{ type: 'ERROR', object: expect.objectContaining({ kind: 'Status', code: 429 }) as object }]);
  });

  test('a list of another namespace is answered, and an unread list is ended for it at once', async () => {
    listed = longList();
    const unread = await Promise.all(hogs.map((user) => askAndNotRead(`${shop}?limit=5000`, user)));
    expect(unread.map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(200));
    expect((await ask(bank, victim)).code).toBe(200);
    await Promise.all(unread.map((each) => new Promise((resolve) => each.resume().once('close', resolve))));
    expect(unread.filter(({ complete }) => !complete)).toHaveLength(1);
  });

  test('the ServiceAccounts of a namespace have four places together', async () => {
    const as = (name: string) => ({ headers: { 'x-remote-user': `system:serviceaccount:shop:${name}` }, onLine: () => undefined });
    const watches = ['a', 'b', 'c', 'd'].map((name) => ask(`${shop}?watch=1&timeoutSeconds=1`, as(name)));
    while (agent.asked.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    const { code, body } = await ask(`${shop}?watch=1`, { headers: as('e').headers });
    expect([code, body]).toEqual([429, expect.stringContaining('this user and the other ServiceAccounts of its namespace have 4 open watches')]);
    await Promise.all(watches);
  });
});

describe('a request', () => {
  test('is answered with connections, sums and nodes that did not answer', async () => {
    agent.answersWatch = true;
    const silent = new ScriptedAgent('node2');
    silent.connected = false;
    questions = new Questions(() => [agent, silent]);
    await serveAgain();
    const { body } = await ask(`${base}/namespaces/shop/connections?fieldSelector=pod%3Dcart&limit=10`);
    expect(agent.asked).toMatchObject([{ namespace: 'shop', pod: 'cart', limit: 10 }]);
    expect(JSON.parse(body)).toMatchObject({
      kind: 'ConnectionList',
      metadata: { remainingItemCount: 2 },
      silentNodes: [{ name: 'node2', message: 'its agent is not connected' }],
      items: [
        {
          metadata: { name: 'node1.2a', namespace: 'shop' },
          pod: 'cart',
          node: 'node1',
          role: 'Connecting',
          state: 'Accelerated',
          peer: 'shop/web',
          bytes: { fast: 5000, tcp: 100 },
        },
      ],
      pods: [{ namespace: 'shop', name: 'cart', connections: { open: 3, accelerated: 2 } }],
    });
  });

  test('for a watch is answered with a line for each event, and is cancelled at the agents when the client disconnects', async () => {
    const lines: { type: string; object: Record<string, unknown> }[] = [];
    const reading = ask(`${base}/namespaces/shop/connections?watch=true&timeoutSeconds=1`, {
      onLine: (line) => {
        lines.push(JSON.parse(line) as (typeof lines)[number]);
        const [{ id } = { id: 0 }] = agent.asked;
        if (lines.length > 1) return;
        setTimeout(
          () =>
            questions.heard(
              'node1',
              watchedWith(id, {
                last: false,
                omitted: 3,
                events: [
                  { type: 'Opened', connection: connectionWith({ accelerated: false, reason: 'Learning' }) },
                  { type: 'FromTheFuture', connection: connectionWith() },
                  { type: 'Closed', connection: connectionWith() },
                ],
              }),
            ),
          50,
        );
      },
    });
    expect((await reading).code).toBe(200);
    expect(lines.map(({ type, object }) => [type, object['event'], object['reason']])).toEqual([
      ['BOOKMARK', undefined, undefined],
      ['ADDED', 'Opened', 'Learning'],
      ['DELETED', 'Closed', undefined],
    ]);
    expect(lines[1]?.object['time']).toBe('1970-01-01T00:00:00.000Z');
    expect(agent.asked.at(-1)).toMatchObject({ cancel: true });
  });

  test.each([
    ['another method', 'POST', `${base}/connections`, 405, 'connections can be listed and watched'],
    ['another resource', 'GET', `${base}/secrets`, 404, 'this API has the resource connections'],
    ['a namespace that is no name', 'GET', `${base}/namespaces/..%2f..%2fx/connections`, 404, 'does not exist'],
    ['a limit that is no number', 'GET', `${base}/connections?limit=many`, 400, 'limit: not a number'],
    ['a parameter that is given twice', 'GET', `${base}/connections?watch=true&watch=false`, 400, 'watch: given more than once'],
    ['an unknown parameter that is given twice', 'GET', `${base}/connections?x=1&limit=5&x=1`, 400, 'x: given more than once'],
    ['another field selector', 'GET', `${base}/connections?fieldSelector=spec.x%3Dy`, 400, 'the only supported field selector is pod=NAME'],
  ])('is refused with %s', async (_what, method, path, code, words) => {
    const answered = await ask(path, { method });
    expect([answered.code, (JSON.parse(answered.body) as { message: string }).message]).toEqual([code, expect.stringContaining(words)]);
    expect([reviews, agent.asked]).toEqual([[], []]);
  });

  test('is refused when the user has four open ones, and answered for other users', async () => {
    const watches = [1, 2, 3, 4].map(() => ask(`${base}/connections?watch=1&timeoutSeconds=1`, { onLine: () => undefined }));
    while (agent.asked.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    const { code, body } = await ask(`${base}/connections?watch=1`);
    expect([code, JSON.parse(body)]).toEqual([
      429,
      expect.objectContaining({
        message: 'this user has 4 open watches, which is the limit; end one or try again later',
        details: { retryAfterSeconds: 1 },
      }),
    ]);
    expect((await ask(`${base}/connections?watch=1&timeoutSeconds=1`, { headers: { 'x-remote-user': 'ben' }, onLine: () => undefined })).code).toBe(
      200,
    );
    await Promise.all(watches);
    expect((await ask(`${base}/connections?watch=1&timeoutSeconds=1`, { onLine: () => undefined })).code).toBe(200);
  });

  test.each([
    ['/apis', 'APIGroupList'],
    ['/apis/live.acceleration.dev', 'APIGroup'],
    [base, 'APIResourceList'],
  ])('is answered with a discovery document at %s', async (path, kind) => {
    const { code, body } = await ask(path);
    expect([code, JSON.parse(body)]).toEqual([200, expect.objectContaining({ kind })]);
  });
});
