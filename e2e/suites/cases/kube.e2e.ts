// operator/kube on a real API server: a cache that converges, one leader at a time, and writes that leave the fields of other managers.
import { z } from 'zod';
import { apply, Elector, guardWrites, kubeClient, loadKubeConfig, Reflector, remove, type KubeClient, type Manifest } from '../../../operator/kube';
import { startApiServer, type ApiServer } from '../../stand/api/apiServer';
import { waitFor } from '../../stand/support/waitFor';

const namespace = 'kube-mechanism';
const collection = `/api/v1/namespaces/${namespace}/configmaps`;
const configMap = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string(), resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
});
type ConfigMap = z.infer<typeof configMap>;

let server: ApiServer;
let client: KubeClient;

beforeAll(async () => {
  server = await startApiServer();
  client = kubeClient(loadKubeConfig(server.kubeconfig));
  await client.request('POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } });
});

afterAll(() => server?.stop());

const manifest = (name: string, data: Record<string, string>): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
  data,
});

describe('a reflector', () => {
  const stop = new AbortController();
  const told = new Map<string, string>();
  let reflector: Reflector<ConfigMap>;
  let running: Promise<void>;
  let seed = 1;

  beforeAll(() => {
    reflector = new Reflector({
      client,
      path: collection,
      query: { labelSelector: 'reflected=yes' },
      parse: (raw) => configMap.parse(raw),
      onChange: (key, object) => void (object === undefined ? told.delete(key) : told.set(key, object.metadata.resourceVersion)),
    });
    running = reflector.run(stop.signal);
  });
  afterAll(async () => {
    stop.abort();
    await running;
  });

  const numberBelow = (limit: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % limit;
  };

  /** Random additions, changes and deletions among 60 names, eight at a time. */
  async function churn(operations: number): Promise<void> {
    const one = async (): Promise<void> => {
      const object = manifest(`o${numberBelow(60)}`, { value: String(numberBelow(1000)) });
      object.metadata['labels'] = { reflected: numberBelow(5) === 0 ? 'no' : 'yes' };
      if (numberBelow(3) === 0) await remove(client, object);
      else await apply(client, object, { fieldManager: 'churn', force: true });
    };
    for (let done = 0; done < operations; done += 8) await Promise.all(Array.from({ length: 8 }, one));
  }

  async function expectConverged(): Promise<void> {
    const listed = z
      .object({ items: z.array(configMap) })
      .parse(await client.request('GET', collection, { query: { labelSelector: 'reflected=yes' } }));
    const wanted = versionsOf(listed.items);
    await waitFor('the reflector to hold what the server holds', () => versionsOf(reflector.list()) === wanted, { everyMs: 20 });
    expect(
      [...told]
        .map(([key, version]) => `${key}@${version}`)
        .sort()
        .join(),
    ).toBe(wanted);
    expect(listed.items.length).toBeGreaterThan(5);
  }

  const versionsOf = (objects: readonly ConfigMap[]): string =>
    objects
      .map(({ metadata }) => `${namespace}/${metadata.name}@${metadata.resourceVersion}`)
      .sort()
      .join();

  it('converges while objects come, change and go', async () => {
    await reflector.synced;
    await churn(400);
    await expectConverged();
  });

  it('converges after a restart of the API server, with the changes that were made meanwhile', async () => {
    await server.restart();
    await churn(200);
    await expectConverged();
  });

  it('reads more objects than a page holds', async () => {
    const bodies = Array.from({ length: 640 }, (_, each) => ({
      ...manifest(`many-${each}`, {}),
      metadata: { namespace, name: `many-${each}`, labels: { many: 'yes' } },
    }));
    for (let from = 0; from < bodies.length; from += 16)
      await Promise.all(bodies.slice(from, from + 16).map((body) => client.request('POST', collection, { body })));
    const ended = new AbortController();
    const many = new Reflector<ConfigMap>({
      client,
      path: collection,
      query: { labelSelector: 'many=yes' },
      parse: (raw) => configMap.parse(raw),
      onChange: () => undefined,
    });
    const run = many.run(ended.signal);
    await many.synced;
    expect(many.list()).toHaveLength(640);
    ended.abort();
    await run;
  });
});

describe('two electors', () => {
  interface Member {
    readonly elector: Elector;
    readonly client: KubeClient;
    readonly stop: AbortController;
    readonly terms: AbortSignal[];
    readonly ended: Promise<void>;
    partitioned: boolean;
  }

  /** Shorter than the defaults, in the same proportion, so that the test takes less time. */
  const times = { leaseMs: 3_000, renewDeadlineMs: 2_000, retryMs: 400 };

  function join(name: string, identity: string): Member {
    const own = kubeClient(loadKubeConfig(server.kubeconfig));
    const line: KubeClient = {
      request: (...request) => (member.partitioned ? Promise.reject(new Error('cut off')) : own.request(...request)),
      stream: (...stream) => own.stream(...stream),
    };
    const elector = new Elector({ client: line, namespace, name, identity, ...times });
    const stop = new AbortController();
    const terms: AbortSignal[] = [];
    const lead = (signal: AbortSignal): Promise<void> => {
      terms.push(signal);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    };
    const member: Member = { elector, client: guardWrites(own, () => elector.leading), stop, terms, partitioned: false, ended: Promise.resolve() };
    return Object.assign(member, { ended: elector.run(stop.signal, lead) });
  }

  async function leaseOf(name: string): Promise<unknown> {
    return client.request('GET', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`);
  }

  it('change the leader at once when the leader stops', async () => {
    const one = join('handover', 'one');
    await waitFor('one to lead', () => one.elector.leading, { everyMs: 10 });
    const two = join('handover', 'two');
    one.stop.abort();
    await one.ended;
    const released = performance.now();
    await waitFor('two to lead', () => two.elector.leading, { everyMs: 10 });
    expect(performance.now() - released).toBeLessThan(times.leaseMs);
    expect(one.elector.leading).toBe(false);
    expect(await leaseOf('handover')).toMatchObject({ spec: { holderIdentity: 'two', leaseDurationSeconds: 3, leaseTransitions: 1 } });
    two.stop.abort();
    await two.ended;
    expect(await leaseOf('handover')).toMatchObject({ spec: { holderIdentity: '', leaseTransitions: 1 } });
  });

  it('never lead at the same time when the leader is cut off from the API server, and the old leader writes nothing more', async () => {
    const one = join('partition', 'one');
    await waitFor('one to lead', () => one.elector.leading, { everyMs: 10 });
    const two = join('partition', 'two');
    one.partitioned = true;
    let looks = 0;
    let both = 0;
    const look = (): boolean => {
      looks += 1;
      if (one.elector.leading && two.elector.leading) both += 1;
      return two.elector.leading;
    };
    await waitFor('two to lead', look, { everyMs: 5 });
    expect(both).toBe(0);
    expect(looks).toBeGreaterThan(10);
    expect(one.terms.map(({ aborted }) => aborted)).toEqual([true]);
    await expect(apply(one.client, manifest('late', {}), { fieldManager: 'one' })).rejects.toMatchObject({ reason: 'NotAllowed' });
    one.partitioned = false;
    one.stop.abort();
    two.stop.abort();
    await Promise.all([one.ended, two.ended]);
  });

  it('have one leader after a restart of the API server', async () => {
    const both = [join('restart', 'one'), join('restart', 'two')];
    await waitFor('one of them to lead', () => both.some(({ elector }) => elector.leading), { everyMs: 10 });
    await server.restart();
    await waitFor('one of them to lead', () => both.filter(({ elector }) => elector.leading).length === 1, { everyMs: 10 });
    for (const { stop } of both) stop.abort();
    await Promise.all(both.map(({ ended }) => ended));
  });
});

describe('apply', () => {
  const dataOf = async (name: string): Promise<unknown> => configMap.parse(await client.request('GET', `${collection}/${name}`)).data;

  it('keeps the fields of another manager, and removes fields that it applied before and now leaves out', async () => {
    await apply(client, manifest('shared', { ours: '1', both: '1' }), { fieldManager: 'us' });
    await apply(client, manifest('shared', { theirs: '1' }), { fieldManager: 'them' });
    await apply(client, manifest('shared', { ours: '2' }), { fieldManager: 'us' });
    expect(await dataOf('shared')).toEqual({ ours: '2', theirs: '1' });
  });

  it('refuses a field that another manager owns, and takes it by force', async () => {
    await apply(client, manifest('owned', { field: 'theirs' }), { fieldManager: 'them' });
    await expect(apply(client, manifest('owned', { field: 'ours' }), { fieldManager: 'us' })).rejects.toMatchObject({
      code: 409,
      reason: 'Conflict',
    });
    await apply(client, manifest('owned', { field: 'ours' }), { fieldManager: 'us', force: true });
    expect(await dataOf('owned')).toEqual({ field: 'ours' });
  });

  it('writes the status by the status subresource and leaves all other fields', async () => {
    const lease: Manifest = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace, name: 'daemon' } };
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'c' }] } };
    await apply(client, { ...lease, spec: { selector: { matchLabels: { a: 'b' } }, template } }, { fieldManager: 'us' });
    const status = { currentNumberScheduled: 3, desiredNumberScheduled: 3, numberMisscheduled: 0, numberReady: 2 };
    expect(await apply(client, { ...lease, status }, { fieldManager: 'us', subresource: 'status' })).toMatchObject({
      spec: { template: { spec: { containers: [{ name: 'c' }] } } },
      status,
    });
  });

  it('says in one line why an object is refused', async () => {
    const refused = apply(client, manifest('Not_A_Name', {}), { fieldManager: 'us' });
    await expect(refused).rejects.toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: expect.stringMatching(/^PATCH \S+\/configmaps\/Not_A_Name: HTTP 422 Invalid: [^\n]+$/),
    });
  });
});

describe('remove', () => {
  it('tells whether the object to delete existed', async () => {
    await apply(client, manifest('short-lived', {}), { fieldManager: 'us' });
    expect(await remove(client, manifest('short-lived', {}))).toBe(true);
    expect(await remove(client, manifest('short-lived', {}))).toBe(false);
  });
});
