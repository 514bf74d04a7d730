import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeApi, refusal, type RecordedRequest } from '../api.testing';
import { exitCode } from '../exit';
import { recorded } from '../recorded.testing';
import { accelctl } from '../run.testing';
import { saveResult, lastBench } from './record';
import { benchResult, markdownOf, rowsOf, type BenchResult } from './result';

const resourcePath = 'GET /apis/acceleration.dev/v1alpha1/sidecaraccelerations/default';
const reviews = 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const readyPod = {
  spec: { nodeName: 'node1', containers: [{}, {}] },
  status: { podIP: '10.0.0.9', conditions: [{ type: 'Ready', status: 'True' }] },
};
const fortio = (qps: number, codes = { OK: 100 }) => ({
  ActualQPS: qps,
  RetCodes: codes,
  DurationHistogram: {
    Count: 100,
    Avg: 0.001,
    Percentiles: [
      { Percentile: 50, Value: 0.001 },
      { Percentile: 99, Value: 0.002 },
    ],
  },
});

/** An API server with answers for the namespace whose name the bench chooses. */
class BenchApi extends FakeApi {
  /** What the load generator answers. */
  report: unknown = fortio(1000);
  pod: unknown = readyPod;
  private removed = false;

  constructor() {
    super();
    this.on(resourcePath, recorded())
      .on(reviews, { status: { allowed: true } })
      .on('POST /api/v1/namespaces', {});
    const { request } = this.client;
    this.client.request = (method, path, options) => {
      const own = /^\/api\/v1\/namespaces\/sidecar-acceleration-bench-[0-9a-f]{8}(.*)$/.exec(path)?.[1];
      if (own === undefined) return request(method, path, options);
      if (method === 'DELETE') this.removed = true;
      const gone = own === '' && method === 'GET' && this.removed;
      this.on(`${method} ${path}`, gone ? refusal(404, { reason: 'NotFound' }) : this.answerTo(method, own));
      return request(method, path, options);
    };
  }

  private answerTo(method: string, own: string): unknown {
    if (own.startsWith('/services')) return { spec: { clusterIP: '10.98.0.7' } };
    if (own.includes('/proxy/')) return this.report;
    return own.startsWith('/pods/') && method === 'GET' ? this.pod : {};
  }

  /** The requests that change the cluster, with shortened paths. */
  get changes(): string[] {
    const name = ({ path }: RecordedRequest): string =>
      path.replace(/.*sidecar-acceleration-bench-[0-9a-f]{8}/, 'bench').replace(/.*namespaces/, 'namespaces');
    return this.requests
      .filter(({ method, path }) => method !== 'GET' && !path.includes('selfsubject'))
      .map((asked) => `${asked.method} ${name(asked)}`);
  }
}

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bench-test-'));
  file = join(directory, 'state', 'bench.json');
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  jest.restoreAllMocks();
});

/** Runs the bench without an interruption. */
const bench = (api: FakeApi, ...words: string[]) => accelctl(api, ['bench', '--rounds', '2', '--file', file, ...words], Number.POSITIVE_INFINITY, []);

describe('accelctl bench', () => {
  it.each(['ImagePullBackOff', 'InvalidImageName'])('does not wait for an image that cannot be pulled (%s)', async (reason) => {
    const api = new BenchApi();
    api.pod = { status: { containerStatuses: [{ state: { waiting: { reason } } }] } };
    const { code, complaints } = await bench(api);
    expect([code, complaints]).toEqual([
      exitCode.notReady,
      [expect.stringContaining(`starting pod server: its image cannot be pulled (${reason}); choose another image with --image`)],
    ]);
    expect(api.changes.at(-1)).toBe('DELETE bench');
  });

  it('names the reason why a pod is not ready while it waits', async () => {
    const api = new BenchApi();
    api.pod = { status: { containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull' } } }] } };
    const { code, progress, complaints } = await accelctl(api, ['bench', '--file', file], 5, []);
    expect(progress).toContain('waiting for the pods of the bench to be ready: pod server: ErrImagePull');
    expect([code, complaints.length]).toEqual([exitCode.notReady, 1]);
  });

  it('creates a selected namespace, alternates runs with acceleration off and on, and removes the namespace', async () => {
    const api = new BenchApi();
    const { code, printed, progress } = await bench(api);
    expect(code).toBe(exitCode.success);
    expect(api.changes.slice(0, 4)).toEqual(['POST namespaces', 'POST bench/services', 'POST bench/pods', 'POST bench/pods']);
    expect(api.changes.at(-1)).toBe('DELETE bench');
    const [made] = api.requests.filter(({ method, path }) => method === 'POST' && path === '/api/v1/namespaces');
    expect(made?.body).toMatchObject({
      metadata: { labels: { 'istio-injection': 'enabled', 'acceleration.dev/bench': expect.stringMatching(/^[0-9a-f]{8}$/) as string } },
    });
    const labels = api.requests
      .filter(({ method }) => method === 'PATCH')
      .map(({ body }) => (body as { metadata: { labels: Record<string, string | null> } }).metadata.labels['acceleration.dev/mode']);
    expect(labels).toEqual([null, 'off', null, null, 'off']);
    const [load] = api.requests.filter(({ path }) => path.includes('/proxy/'));
    expect([load?.query, (load?.body as { payload: string }).payload.length]).toEqual([
      { url: 'tcp://10.98.0.7:8078', qps: '-1', t: '3s', c: '32', p: '50,99', r: '0.00001', timeout: '10s' },
      1024,
    ]);
    expect(printed.join()).toContain('| TCP | 1000 → 1000 (×1.00; 1.00–1.00) | 1.00 → 1.00 (×1.00; 1.00–1.00) |');
    expect(progress).toContain('14/16 round 2 of 2: tcp, acceleration off');
  });

  it('sends requests to the pod’s address when the pods have no sidecars, and the report says so', async () => {
    const api = new BenchApi();
    api.pod = { ...readyPod, spec: { nodeName: 'node1', containers: [{}] } };
    const { printed } = await bench(api);
    expect(api.requests.find(({ path }) => path.includes('/proxy/'))?.query).toMatchObject({ url: 'tcp://10.0.0.9:8078' });
    expect(printed.join()).toContain('without sidecars');
  });

  it('saves the result for the console, and prints it as JSON', async () => {
    const { printed } = await bench(new BenchApi(), '-o', 'json');
    const result = benchResult.parse(JSON.parse(printed.join('')));
    expect(result).toMatchObject({
      server: 'https://test',
      node: { name: 'node1' },
      plan: { rounds: 2, seconds: 5, connections: 32, payloadBytes: 1024 },
      runs: { length: 8 },
    });
    expect(benchResult.parse(JSON.parse(readFileSync(file, 'utf8')))).toEqual(result);
  });

  it('gives exit code 3 when requests have failed, and counts them', async () => {
    const api = new BenchApi();
    api.report = fortio(1000, { OK: 98, ...{ '503': 2 } });
    const { code, printed } = await bench(api);
    expect([code, printed.join()]).toEqual([exitCode.notReady, expect.stringContaining('16 failed requests')]);
  });

  it('removes the namespace when the user interrupts it', async () => {
    const api = new BenchApi();
    // The user interrupts the wait for the pods.
    api.pod = { status: {} };
    const { code, complaints } = await accelctl(api, ['bench', '--file', file], 5, []);
    expect([code, complaints]).toEqual([
      exitCode.notReady,
      [expect.stringContaining('waited 180 s for the pods of the bench to be ready: pod server: not started')],
    ]);
    expect(api.changes.at(-1)).toBe('DELETE bench');
    const early = new BenchApi();
    expect(await accelctl(early, ['bench', '--file', file])).toMatchObject({
      code: exitCode.error,
      complaints: ['accelctl: the bench was interrupted, so there is no result'],
    });
    expect(early.changes).toEqual([]);
  });

  it('removes the namespace when a run fails, and names the cause', async () => {
    const api = new BenchApi();
    api.report = refusal(503, { message: 'no endpoints available' });
    const { code, complaints } = await bench(api);
    expect([code, complaints]).toEqual([
      exitCode.error,
      [expect.stringMatching(/^accelctl: creating pods\/client\/proxy: https:\/\/test answered with status 503: no endpoints available; /)],
    ]);
    expect(api.changes.at(-1)).toBe('DELETE bench');
  });

  it.each([
    ['no cluster', [resourcePath, refusal(0)], exitCode.error, 'https://test cannot be reached'],
    [
      'no installation',
      [resourcePath, refusal(404, '404 page not found')],
      exitCode.error,
      'the cluster does not know this resource type; install the chart',
    ],
    ['no resource', [resourcePath, refusal(404, { reason: 'NotFound' })], exitCode.error, 'there is no such resource'],
    [
      'no controller',
      [resourcePath, recorded({ status: null })],
      exitCode.notReady,
      'the resource is not ready: no controller has reconciled the resource yet',
    ],
    [
      'the mode Off',
      [resourcePath, recorded({ spec: { mode: 'Off' } })],
      exitCode.notReady,
      'the mode is Off; set the mode Accelerate with accelctl on',
    ],
    [
      'no rights',
      [reviews, { status: { allowed: false } }],
      exitCode.error,
      'this user may not create namespaces, patch namespaces, delete namespaces, create pods, create pods/proxy, create services; ask for',
    ],
  ] as const)('changes nothing and names the cause in one line: %s', async (_what, [path, answer], wanted, words) => {
    const api = new BenchApi();
    api.on(path, answer);
    const { code, complaints } = await bench(api);
    expect([code, complaints, api.changes]).toEqual([wanted, [expect.stringContaining(words)], []]);
  });

  it.each([
    [['--label', 'team=a'], 'does not select a namespace or pods with these labels; choose other labels with --label'],
    [['--label', 'nonsense'], 'nonsense is not KEY=VALUE'],
  ])('rejects %s', async (words, complaint) => {
    expect(await bench(new BenchApi(), ...words)).toMatchObject({ code: exitCode.usage, complaints: [expect.stringContaining(complaint)] });
  });

  it('rejects a number out of range', async () => {
    expect((await bench(new BenchApi(), '--rounds', '0')).code).toBe(exitCode.usage);
  });
});

const run = (mode: 'Off' | 'Accelerate', round: number, qps: number) => ({
  protocol: 'tcp' as const,
  mode,
  round,
  qps,
  avgMs: 1,
  p50Ms: 1,
  p99Ms: 2,
  requests: 10,
  errors: 0,
});
const result: BenchResult = {
  version: 1,
  at: '2026-03-01T12:00:00.000Z',
  server: 'https://test',
  accelctl: '1.2.3',
  node: { name: 'node1', kernel: '6.12', cpus: '4' },
  sidecars: true,
  plan: { rounds: 2, seconds: 5, connections: 32, payloadBytes: 1024, image: 'fortio' },
  runs: [run('Accelerate', 2, 3000), run('Off', 2, 2000), run('Off', 1, 1000), run('Accelerate', 1, 1400)],
  fastShare: 0.987,
};

describe('the report of a bench', () => {
  it('divides each run by the other run of its round, in any order of the runs', () => {
    expect(rowsOf(result)[0]?.cells[0]).toEqual({
      title: 'QPS',
      digits: 0,
      off: 1500,
      on: 2200,
      medians: '1500 → 2200',
      ratio: '×1.45',
      spread: '1.40–1.50',
    });
  });

  it('names the node and its software, and the share of bytes on the fast path', () => {
    const text = markdownOf(result);
    expect(text).toContain('| TCP | 1500 → 2200 (×1.45; 1.40–1.50) |');
    expect(text).toContain('0 failed requests. 98.7 % of the bytes took the fast path.');
    expect(text).toContain('on node node1 (kernel 6.12, 4 CPUs), image fortio, accelctl 1.2.3, through sidecars, 2026-03-01 12:00 UTC');
  });

  it('is read back for its own cluster only, and not when it has another version', () => {
    const before = process.env['XDG_STATE_HOME'];
    process.env['XDG_STATE_HOME'] = directory;
    try {
      expect(lastBench('https://test')).toBeUndefined();
      saveResult(result);
      expect([lastBench('https://test'), lastBench('https://other')]).toEqual([result, undefined]);
      saveResult({ ...result, version: 2 as unknown as 1 });
      expect(lastBench('https://test')).toBeUndefined();
    } finally {
      if (before === undefined) delete process.env['XDG_STATE_HOME'];
      else process.env['XDG_STATE_HOME'] = before;
    }
  });
});
