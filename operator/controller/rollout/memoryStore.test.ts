import { ApiError, type KubeClient, type RequestOptions } from '../../kube';
import { EventWriter } from './eventWriter';
import { MemoryStore, type RolloutRecord } from './memoryStore';

const owner = { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', name: 'default', uid: 'u1' };
const record: RolloutRecord = {
  resource: 'u1',
  memory: {
    wanted: 'b',
    proven: 'a',
    startedAt: 7,
    measure: 'm',
    before: { n1: { problems: ['NoBtf'], shares: { shop: 0.5 }, well: true } },
    canary: ['n1'],
    trials: { n1: { since: 8, wellSince: undefined } },
    bakingSince: undefined,
    failures: [],
  },
  templates: { a: { spec: {} } },
  told: ['RolloutStarted'],
};

/** An API server with one object at most, which answers with the error `refuse` if it is given. */
function server(refuse?: ApiError) {
  const asked: string[] = [];
  let stored: unknown;
  const client: KubeClient = {
    request: (method, path, options: RequestOptions = {}) => {
      asked.push(`${method} ${path}`);
      if (refuse !== undefined) return Promise.reject(refuse);
      if (method === 'GET' && stored === undefined) return Promise.reject(new ApiError('none', 404, 'NotFound'));
      if (method === 'DELETE') stored = undefined;
      else if (method !== 'GET') stored = options.body;
      return Promise.resolve(stored);
    },
    stream: () => {
      throw new Error('not asked for');
    },
  };
  return { client, asked, put: (text: string) => (stored = { data: { 'rollout.json': text } }) };
}

const warnings: string[] = [];
const storeOn = (client: KubeClient): MemoryStore =>
  new MemoryStore({ client, namespace: 'acceleration', log: (_, message) => warnings.push(message) });

describe('the stored state of a rollout', () => {
  it('is read by the next controller unchanged', async () => {
    const { client } = server();
    expect(await storeOn(client).load('u1')).toBeUndefined();
    await storeOn(client).save(record, owner);
    expect(await storeOn(client).load('u1')).toEqual(record);
  });

  it('is not written again without a change', async () => {
    const { client, asked } = server();
    const store = storeOn(client);
    await store.save(record, owner);
    await store.save(structuredClone(record), owner);
    expect(asked).toHaveLength(1);
  });

  it('is not used for another resource', async () => {
    const { client } = server();
    await storeOn(client).save(record, owner);
    expect(await storeOn(client).load('u2')).toBeUndefined();
  });

  it('is not used and logged when it cannot be read', async () => {
    const { client, put } = server();
    put('{"resource": 7}');
    expect(await storeOn(client).load('u1')).toBeUndefined();
    expect(warnings.at(-1)).toMatch(/^read ConfigMap acceleration\/sidecar-acceleration-rollout: /);
  });

  it('is owned by the resource and deleted by forget', async () => {
    const { client } = server();
    const store = storeOn(client);
    await store.save(record, owner);
    await store.forget();
    expect(await store.load('u1')).toBeUndefined();
    expect(await storeOn(client).load('u1')).toBeUndefined();
  });

  it('is not considered missing when the API server does not answer', async () => {
    await expect(storeOn(server(new ApiError('no', 503, 'ServiceUnavailable')).client).load('u1')).rejects.toThrow('no');
  });
});

describe('an event', () => {
  const said: string[] = [];
  const writer = (client: KubeClient): EventWriter =>
    new EventWriter({ client, instance: 'controller-1', now: () => new Date(0), log: (_, message) => said.push(message) });
  const event = { type: 'Normal', reason: 'CanaryProven', note: 'well' } as const;

  it('has the same name from every controller, and another one in another rollout', async () => {
    const names: string[] = [];
    const client: KubeClient = {
      request: (_method, _path, { body } = {}) => Promise.resolve(names.push((body as { metadata: { name: string } }).metadata.name)),
      stream: () => {
        throw new Error('not asked for');
      },
    };
    for (const rollout of ['b/7', 'b/7', 'b/8']) await writer(client).tell(owner, rollout, event);
    expect(names[0]).toBe(names[1]);
    expect(names[2]).not.toBe(names[0]);
  });

  it('that exists already is not logged, and one that is refused is logged', async () => {
    await writer(server(new ApiError('there', 409, 'AlreadyExists')).client).tell(owner, 'b/7', event);
    expect(said).toEqual([]);
    await writer(server(new ApiError('no', 403, 'Forbidden')).client).tell(owner, 'b/7', event);
    expect(said).toEqual(['create the event CanaryProven: no']);
  });
});
