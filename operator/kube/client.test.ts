import { collection, ListWatchServer, until } from './listWatchServer.testing';
import { ApiError, type KubeClient } from './client';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from './config';
import { kubeClient } from './client';

const failureOf = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as ApiError,
  );

describe('a client of a server that answers', () => {
  const server = new ListWatchServer();
  let client: KubeClient;

  beforeAll(async () => {
    client = await server.start();
  });
  afterAll(() => server.stop());

  it('sends the query and returns parsed JSON', async () => {
    server.put('one', 1);
    const answer = await client.request('GET', collection, { query: { limit: '7', labelSelector: 'a in (b,c)' } });
    expect(answer).toMatchObject({ items: [{ metadata: { name: 'one' } }] });
    expect(server.requests.at(-1)).toBe(`GET ${collection}?limit=7&labelSelector=a+in+%28b%2Cc%29`);
  });

  it('throws an ApiError with code, reason, time to wait and a message of one line for a Status', async () => {
    server.faults.push({ kind: 'status', code: 429, reason: 'TooManyRequests', retryAfter: '3' });
    const error = await failureOf(client.request('GET', collection));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 429, reason: 'TooManyRequests', retryAfterMs: 3000 });
    expect(error.message).toBe(`GET ${collection}: HTTP 429 TooManyRequests: the test set status 429`);
  });

  it('sends nothing when beforeSending throws, on a new connection and on a kept one', async () => {
    const beforeSending = (): never => {
      throw new ApiError('not now', 0, 'NotAllowed');
    };
    for (const prepare of [() => Promise.resolve(server.resetConnections()), () => client.request('GET', collection)]) {
      await prepare();
      const already = server.requests.length;
      expect(await failureOf(client.request('PUT', collection, { body: {}, beforeSending }))).toMatchObject({
        message: 'not now',
        reason: 'NotAllowed',
      });
      await client.request('GET', collection);
      expect(server.requests.slice(already)).toEqual([`GET ${collection}`]);
    }
  });

  it('throws an ApiError with code 0 when there is no answer', async () => {
    server.faults.push({ kind: 'reset' }, { kind: 'reset' });
    expect(await failureOf(client.request('PUT', collection, { body: {} }))).toMatchObject({ code: 0, reason: '' });
    server.faults.length = 0;
  });

  it('throws an ApiError that quotes an answer that is not JSON', async () => {
    server.faults.push({ kind: 'garbage' });
    expect((await failureOf(client.request('GET', collection))).message).toBe(`GET ${collection}: the answer is not JSON: <html>`);
  });

  it('repeats a GET when its kept connection is reset', async () => {
    await client.request('GET', collection);
    server.faults.push({ kind: 'reset' });
    expect(await client.request('GET', collection)).toMatchObject({ kind: 'ThingList' });
  });

  it('streams the lines of a watch, and ends without an error by its signal', async () => {
    const stop = new AbortController();
    const seen: unknown[] = [];
    const watching = (async () => {
      for await (const line of client.stream(collection, { query: { watch: 'true', resourceVersion: '0' }, signal: stop.signal })) seen.push(line);
    })();
    await until(() => server.openWatches === 1);
    server.put('two', 2);
    await until(() => seen.length === 2);
    stop.abort();
    await watching;
    expect(seen).toMatchObject([{ type: 'ADDED' }, { type: 'ADDED', object: { value: 2 } }]);
    await until(() => server.openWatches === 0);
  });

  it('throws an ApiError when the server refuses a stream', async () => {
    server.faults.push({ kind: 'status', code: 410, reason: 'Expired' });
    const stream = client.stream(collection, { query: { watch: 'true' }, signal: new AbortController().signal });
    expect(await failureOf(drain(stream))).toMatchObject({ code: 410, reason: 'Expired' });
  });

  it('throws an ApiError when a stream is reset and when a line is not JSON', async () => {
    for (const harm of [() => server.resetConnections(), () => server.send('{"type":')]) {
      const failed = failureOf(
        drain(client.stream(collection, { query: { watch: 'true', resourceVersion: '0' }, signal: new AbortController().signal })),
      );
      await until(() => server.openWatches === 1);
      harm();
      expect(await failed).toMatchObject({ name: 'ApiError', code: 0 });
      await until(() => server.openWatches === 0);
    }
  });
});

describe('a client of a server that does not answer', () => {
  let silent: Server;
  let client: KubeClient;

  beforeAll(async () => {
    silent = createServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const config = new KubeConfig();
    const server = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    config.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: true }, { name: 'test', token: 'secret' });
    client = kubeClient(config);
  });
  afterAll(() => {
    silent.close();
    silent.closeAllConnections();
  });

  it('ends a request after its time limit', async () => {
    expect((await failureOf(client.request('GET', '/x', { timeoutMs: 30 }))).message).toBe('GET /x: no answer within 30 ms');
  });

  it('ends a stream that does not begin in time', async () => {
    const stream = client.stream('/x', { signal: new AbortController().signal, connectTimeoutMs: 30 });
    expect((await failureOf(drain(stream))).message).toBe('GET /x as a stream: no answer within 30 ms');
  });

  it('calls onAnswer with code 0 for a request without an answer', async () => {
    const answers: unknown[] = [];
    const onNoAnswer = jest.fn();
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'test', server: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, skipTLSVerify: true },
      { name: 'test' },
    );
    const told = kubeClient(config, { onAnswer: (...answer) => answers.push(answer), onNoAnswer });
    await failureOf(told.request('PATCH', '/x', { timeoutMs: 30 }));
    expect(answers).toEqual([['PATCH', 0]]);
    expect(onNoAnswer).toHaveBeenCalledTimes(1);
  });

  it('ends a request when its signal is aborted', async () => {
    const stop = new AbortController();
    const failed = failureOf(client.request('GET', '/x', { signal: stop.signal }));
    stop.abort();
    expect(await failed).toMatchObject({ name: 'ApiError', code: 0 });
  });
});

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const line of stream) void line;
}
