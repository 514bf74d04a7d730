import { FakeApi, refusal } from '../api.testing';
import { exitCode } from '../exit';
import { accelctl } from '../run.testing';
import { happened, listWith, live, livePath, livePathOf, traffic } from './list.testing';

const shop = livePathOf('shop');
const serving = (...answers: unknown[]): FakeApi =>
  new FakeApi()
    .on(`GET ${livePath}`, ...answers)
    .on(`GET ${shop}`, ...answers)
    .on('GET /api/v1/namespaces/shop', { metadata: {} });
const lines = (printed: readonly string[]): string[] =>
  printed
    .join('\n')
    .split('\n')
    .map((line) => line.replace(/ +/g, ' ').trim());

beforeEach(() => void jest.spyOn(process.stderr, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

describe('accelctl connections', () => {
  it('lists addresses, the redirect, the state and the bytes of each connection', async () => {
    const items = [live(), live({ id: '2', role: 'Accepting', state: 'Tcp', reason: 'Learning', roundTripMicroseconds: 1500 })];
    const { code, printed } = await accelctl(serving(listWith({ items })), ['connections']);
    expect(lines(printed)).toEqual([
      'POD LOCAL REMOTE REDIRECTED TO PEER STATE FAST TCP RTT',
      'shop/cart 10.0.0.1:40000 10.98.0.9:80 10.0.0.2:15006 shop/web Accelerated 2.0 KiB 100 B 60 us',
      'shop/cart 10.0.0.1:40000 10.98.0.9:80 shop/web Learning 2.0 KiB 100 B 1.5 ms',
    ]);
    expect(code).toBe(exitCode.success);
  });

  it.each([
    [['connections', 'shop'], { limit: '100' }],
    [['connections', 'shop/cart', '--limit', '7'], { fieldSelector: 'pod=cart', limit: '7' }],
    [['connections', '-n', 'shop', 'pod/cart'], { fieldSelector: 'pod=cart', limit: '100' }],
  ])('requests only the namespace, pod and number of its arguments: %s', async (words, query) => {
    const api = serving(listWith());
    await accelctl(api, words);
    expect(api.requests).toEqual([{ method: 'GET', path: shop, query }]);
  });

  it('names nodes without data and the number of connections beyond the limit, with exit code 3', async () => {
    const list = listWith({
      metadata: { resourceVersion: '0', remainingItemCount: 12 },
      silentNodes: [{ name: 'node2', message: 'its agent is not connected' }],
    });
    const { code, printed } = await accelctl(serving(list), ['connections', 'shop']);
    expect(lines(printed).slice(2)).toEqual([
      '12 more connections, which have sent fewer bytes, are not listed: see --limit',
      'no data from node node2: its agent is not connected',
    ]);
    expect(code).toBe(exitCode.notReady);
  });

  it('names 20 of the nodes without data, and counts the others', async () => {
    const silentNodes = Array.from({ length: 22 }, (_, n) => ({ name: `node${n}`, message: 'its agent is not connected' }));
    const { printed } = await accelctl(serving(listWith({ silentNodes })), ['connections', 'shop']);
    expect(lines(printed).slice(-2)).toEqual(['no data from node node19: its agent is not connected', 'no data from 2 more nodes: see -o json']);
  });

  it('prints the whole answer as JSON', async () => {
    const { printed } = await accelctl(serving(listWith()), ['connections', '-o', 'json']);
    expect(JSON.parse(printed.join(''))).toEqual(listWith());
  });

  it('says why the list is empty', async () => {
    const none = await accelctl(serving(listWith({ items: [], pods: [] })), ['connections', 'shop']);
    expect(none).toMatchObject({ code: exitCode.success, printed: ['no selected pods found: see accelctl explain'] });
    const away = await accelctl(serving(listWith({ items: [], pods: [], silentNodes: [{ name: 'node2', message: 'its agent is not connected' }] })), [
      'connections',
      'shop',
    ]);
    expect(away).toMatchObject({
      code: exitCode.notReady,
      printed: ['no answer from any node that may run the selected pods\nno data from node node2: its agent is not connected'],
    });
    expect((await accelctl(serving(listWith({ items: [] })), ['connections'])).printed).toEqual(['1 selected pods without an open connection']);
  });
});

describe('accelctl top', () => {
  const early = listWith({
    items: [live({ bytes: { fast: 1000, tcp: 50 } })],
    pods: [traffic('cart', 1000, 50), traffic('web', 0, 0), traffic('vault', 0, 0, { namespace: 'bank' })],
  });
  const late = listWith({
    items: [live({ bytes: { fast: 4000, tcp: 1050 } }), live({ id: 'new', pod: 'web', bytes: { fast: 0, tcp: 500 } })],
    pods: [
      traffic('cart', 4000, 1050),
      traffic('web', 0, 500),
      traffic('vault', 0, 0, { namespace: 'bank', connections: { open: 0, accelerated: 0 }, roundTripMicroseconds: 0 }),
    ],
  });

  it('prints once the bytes between two samples, by namespace, when the output is no terminal', async () => {
    const { code, printed } = await accelctl(serving(early, late), ['top']);
    expect(lines(printed)).toEqual([
      'NAMESPACE CONNECTIONS FAST/s TCP/s ON THE FAST PATH RTT',
      'shop 2/4 2.9 KiB 1.5 KiB 67% 60 us',
      'bank 0/0 0 B 0 B - -',
    ]);
    expect(code).toBe(exitCode.success);
  });

  it('shows the pods of a given namespace, in descending order of bytes sent', async () => {
    const { printed } = await accelctl(serving(early, late), ['top', 'shop']);
    expect(lines(printed).slice(0, 3)).toEqual([
      'NAMESPACE POD CONNECTIONS FAST/s TCP/s ON THE FAST PATH RTT',
      'shop cart 1/2 2.9 KiB 1000 B 75% 60 us',
      'shop web 1/2 0 B 500 B 0% 60 us',
    ]);
  });

  it('counts no bytes, and not a negative number, for a connection that has closed', async () => {
    const { printed } = await accelctl(serving(late, early), ['top', '--by', 'pod', '-o', 'json']);
    const rows = JSON.parse(printed.join('')) as { pod: string; fastPerSecond: number; tcpPerSecond: number }[];
    expect(rows.map(({ fastPerSecond, tcpPerSecond }) => [fastPerSecond, tcpPerSecond])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('compares the sums of pods when the list of connections is incomplete', async () => {
    const cut = { resourceVersion: '0', remainingItemCount: 1 };
    const { printed } = await accelctl(serving({ ...early, metadata: cut }, { ...late, metadata: cut, items: [] }), [
      'top',
      '--by',
      'pod',
      '-o',
      'json',
    ]);
    expect((JSON.parse(printed.join('')) as object[])[0]).toMatchObject({ pod: 'cart', fastPerSecond: 3000, tcpPerSecond: 1000 });
  });

  it('redraws a terminal until the user interrupts it, and survives a 503 answer', async () => {
    const drawn: string[] = [];
    const { code, printed, progress } = await accelctl(serving(early, refusal(503, { message: 'busy' }), late, late), ['top'], 4, drawn);
    expect([drawn.length, printed, code]).toEqual([3, [], exitCode.success]);
    expect(drawn[0]).toContain('shop');
    expect(progress).toEqual([
      expect.stringMatching(/^reading connections\.live\.acceleration\.dev: .*; trying again until the API server answers$/),
    ]);
  });
});

describe('accelctl tap', () => {
  const bookmark = { type: 'BOOKMARK', object: { silentNodes: [{ name: 'node2', message: 'its agent is not connected' }], omitted: 3 } };
  const stream = [
    bookmark,
    happened('Opened', { state: 'Tcp', reason: 'Learning' }),
    happened('Paired'),
    happened('Left', { state: 'Tcp', reason: 'OneWay' }),
    happened('Closed', { role: 'Accepting', local: '10.0.0.2:15006', remote: '10.0.0.1:40000' }),
  ];
  const tapping = (): FakeApi => serving(listWith()).on(`STREAM ${shop}`, stream).on(`STREAM ${livePath}`, stream);

  it('prints one line for each event, from the connecting end to the accepting end', async () => {
    const { code, printed, progress } = await accelctl(tapping(), ['tap', 'shop']);
    expect(printed).toEqual([
      '12:00:01.250 Opened shop/cart 10.0.0.1:40000 > 10.98.0.9:80 Learning',
      '12:00:01.250 Paired shop/cart 10.0.0.1:40000 > 10.98.0.9:80 Accelerated',
      '12:00:01.250 Left   shop/cart 10.0.0.1:40000 > 10.98.0.9:80 OneWay fast 2.0 KiB, TCP 100 B',
      '12:00:01.250 Closed shop/cart 10.0.0.1:40000 > 10.0.0.2:15006 Accelerated fast 2.0 KiB, TCP 100 B',
    ]);
    expect(progress).toEqual([
      'waiting for events; press Ctrl-C to end',
      'no data from node node2: its agent is not connected',
      '3 events were dropped because there were too many; name a pod',
    ]);
    expect(code).toBe(exitCode.success);
  });

  it('says why a watch was ended early', async () => {
    const ended = { type: 'ERROR', object: { kind: 'Status', code: 429, message: 'too many watches are open' } };
    const { progress } = await accelctl(serving(listWith()).on(`STREAM ${shop}`, [ended]), ['tap', 'shop']);
    expect(progress).toEqual(['the watch was ended: too many watches are open']);
  });

  it.each([
    [
      ['--kind', 'paired,Left'],
      ['Paired', 'Left'],
    ],
    [['--reason', 'oneway'], ['Left']],
    [['--reason', 'Learning', '--kind', 'Closed'], []],
  ])('prints only the events of its filters: %s', async (filter, kinds) => {
    const { printed } = await accelctl(tapping(), ['tap', '-o', 'json', ...filter]);
    expect(printed.map((each) => (JSON.parse(each) as { event: string }).event)).toEqual(kinds);
  });

  it.each([
    ['--kind', 'Moved', 'Moved is no kind; the kinds are Opened, Paired, Left, Closed'],
    ['--reason', 'Bored', 'Bored is no reason; the reasons are Pairing, '],
    ['--for', 'ever', 'not a duration'],
  ])('rejects %s %s', async (...words) => {
    const written = jest.spyOn(process.stderr, 'write');
    const [option, value, complaint] = words;
    expect((await accelctl(tapping(), ['tap', option, value])).code).toBe(exitCode.usage);
    expect(written.mock.calls.join()).toContain(complaint);
  });
});

describe.each([['connections'], ['top'], ['tap']])('accelctl %s', (command) => {
  const failing = (answer: Error): FakeApi =>
    new FakeApi().on(`GET ${shop}`, answer).on(`STREAM ${shop}`, answer).on('GET /api/v1/namespaces/shop', { metadata: {} });

  it.each([
    [
      'no live data',
      refusal(404, '404 page not found'),
      'this cluster serves no live data; switch it on: helm upgrade sidecar-acceleration charts/sidecar-acceleration -n sidecar-acceleration --reuse-values --set liveData.enabled=true',
    ],
    [
      'no rights',
      refusal(403, { reason: 'Forbidden', message: 'forbidden' }),
      ` connections in namespace shop; ask for the ClusterRole sidecar-acceleration-view there`,
    ],
    [
      'a controller that does not answer',
      refusal(503, { reason: 'ServiceUnavailable', message: 'the server is currently unable' }),
      'the controller does not answer the API server (the server is currently unable); see kubectl get apiservice v1alpha1.live.acceleration.dev, and accelctl doctor',
    ],
    [
      'too many watches',
      refusal(429, { reason: 'TooManyRequests', message: 'this user has 4 open watches, which is the limit; end one or try again later' }),
      'this user has 4 open watches, which is the limit; end one or try again later',
    ],
    ['wrong credentials', refusal(401), 'https://test does not accept these credentials; log in again or choose another --context'],
    ['no cluster', refusal(0), 'https://test cannot be reached'],
  ])('prints one line with the next step, with exit code 1, for %s', async (_what, answer, words) => {
    const { code, complaints } = await accelctl(failing(answer), [command, 'shop'], 3);
    expect([code, complaints]).toEqual([exitCode.error, [expect.stringContaining(words)]]);
    expect(complaints[0]).toMatch(/^accelctl: reading connections\.live\.acceleration\.dev: [^\n]+$/);
  });

  it('says that a namespace or a pod does not exist', async () => {
    const api = new FakeApi()
      .on(`GET ${livePathOf('nowhere')}`, listWith({ items: [], pods: [] }))
      .on(`GET ${shop}`, listWith({ items: [], pods: [] }))
      .on(`STREAM ${shop}`, [])
      .on('GET /api/v1/namespaces/shop', { metadata: {} });
    expect(await accelctl(api, [command, 'nowhere'])).toMatchObject({
      code: exitCode.error,
      complaints: ['accelctl: reading namespaces/nowhere: there is no such namespace; see kubectl get namespaces'],
    });
    expect(await accelctl(api, [command, 'shop/gone'])).toMatchObject({
      code: exitCode.error,
      complaints: ['accelctl: reading pods/gone: there is no such object in namespace shop; see kubectl -n shop get pods'],
    });
  });

  it('rejects an argument that names neither a namespace nor a pod', async () => {
    expect((await accelctl(new FakeApi(), [command, 'a/b/c'])).code).toBe(exitCode.usage);
  });
});
