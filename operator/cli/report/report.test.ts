import { existsSync, readFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { refusal, type FakeApi } from '../api.testing';
import { installed } from '../doctor/clusters.testing';
import { exitCode } from '../exit';
import { clusterOn } from '../cluster';
import { recordedNow } from '../recorded.testing';
import { accelctl } from '../run.testing';
import { bundleOf } from './bundle';

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZ2VudCJ9.c2lnbmF0dXJl';
const inNamespace = (kind: string): string => `GET /api/v1/namespaces/sidecar-acceleration/${kind}`;
const agent = {
  metadata: { name: 'agent-x', labels: { 'app.kubernetes.io/component': 'agent' } },
  spec: { containers: [{ env: [{ name: 'AGENT_TOKEN', value: 'hunter2' }] }] },
  status: { containerStatuses: [{ ready: true, restartCount: 2 }] },
};

const bundleOptions = { namespace: undefined, accelctl: '1', now: recordedNow, lines: 7, onPart: () => undefined };

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'accelctl-report-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** A cluster with one agent that was restarted, and every object that a report contains. */
function cluster(): FakeApi {
  return installed()
    .on(inNamespace('pods'), { items: [agent] })
    .on('GET /apis/apps/v1/namespaces/sidecar-acceleration/deployments', { items: [] })
    .on('GET /apis/apps/v1/namespaces/sidecar-acceleration/daemonsets', { items: [] })
    .on(inNamespace('services'), { items: [] })
    .on(inNamespace('configmaps'), { items: [] })
    .on(inNamespace('events'), { items: [] })
    .on('GET /apis/coordination.k8s.io/v1/namespaces/sidecar-acceleration/leases', { items: [] })
    .on(inNamespace('pods/agent-x/log'), `refused the token ${jwt} of node1\n`);
}

async function unpacked(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of Readable.from([gunzipSync(readFileSync(path))]).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    files.set(entry.header.name.replace(/^[^/]*\//, ''), Buffer.concat(chunks).toString());
  }
  return files;
}

describe('a report', () => {
  it('contains the findings, the status, the objects and the logs', async () => {
    const file = join(directory, 'r.tar.gz');
    const { code, printed, progress } = await accelctl(cluster(), ['report', '--file', file, '--lines', '7']);
    const files = await unpacked(file);
    expect([...files.keys()]).toEqual([
      'README.txt',
      'doctor.yaml',
      'status.txt',
      'resource.yaml',
      'nodes.yaml',
      'namespaces.yaml',
      'crd.yaml',
      'objects/deployments.yaml',
      'objects/daemonsets.yaml',
      'objects/pods.yaml',
      'objects/services.yaml',
      'objects/configmaps.yaml',
      'objects/events.yaml',
      'objects/leases.yaml',
      'logs/agent-x.log',
      'logs/agent-x.previous.log',
    ]);
    expect(files.get('status.txt')).toContain('136 of 138 ends accelerated');
    expect(files.get('README.txt')).toContain('Kubernetes v1.33.2; product in namespace sidecar-acceleration');
    expect(printed[0]).toMatch(/r\.tar\.gz: 16 files, .* of text\n/);
    expect(progress.at(-1)).toBe('8/9 reading logs/agent-x.previous.log');
    expect(code).toBe(exitCode.success);
  });

  it('contains no secret, and has mode 0600', async () => {
    const file = join(directory, 'r.tar.gz');
    const api = cluster();
    await accelctl(api, ['report', '-f', file]);
    const text = [...(await unpacked(file)).values()].join('\n');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(jwt);
    expect(text).toContain('refused the token [redacted] of node1');
    expect(api.requests.filter(({ path }) => path.includes('secrets'))).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('leaves out what the user may not read, and missing.txt names it', async () => {
    const file = join(directory, 'r.tar.gz');
    const { code, printed } = await accelctl(cluster().on(inNamespace('events'), refusal(403, { reason: 'Forbidden' })), ['report', '-f', file]);
    expect((await unpacked(file)).get('missing.txt')).toBe(
      'objects/events.yaml: reading events: this user may not list events; ask for the verb list on events\n',
    );
    expect(printed[0]).toContain('its missing.txt names what could not be read');
    expect(code).toBe(exitCode.success);
  });

  it('cuts a long part, and leaves parts out when the report is long enough', async () => {
    const lots = { items: Array.from({ length: 40 }, (_, at) => ({ metadata: { name: `c${at}` }, data: { a: 'x '.repeat(100_000) } })) };
    const file = join(directory, 'r.tar.gz');
    await accelctl(cluster().on(inNamespace('configmaps'), lots), ['report', '-f', file]);
    const text = (await unpacked(file)).get('objects/configmaps.yaml') ?? '';
    expect(text.length).toBeLessThan(4.1 * 2 ** 20);
    expect(text).toMatch(/\n\[the last \d+ bytes are left out\]\n$/);
    const files = new Map<string, string>();
    const { client, readText } = cluster();
    for await (const { name, text: of } of bundleOf(clusterOn(client, 'https://test', readText), { ...bundleOptions, mostBytes: 1_000 }))
      files.set(name, of);
    expect(files.get('missing.txt')).toContain('logs/agent-x.log: left out, because the report has');
  });

  it('is read one file at a time', async () => {
    const api = cluster();
    const files = bundleOf(clusterOn(api.client, 'https://test', api.readText), bundleOptions);
    while ((await files.next()).value?.name !== 'objects/deployments.yaml');
    expect(api.requests.map(({ path }) => path).filter((path) => path.endsWith('/log'))).toEqual([]);
  });

  it('is deleted again when the API server does not answer', async () => {
    const file = join(directory, 'r.tar.gz');
    const { code } = await accelctl(cluster().on('GET /version', refusal(0)), ['report', '-f', file]);
    expect([code, existsSync(file)]).toEqual([exitCode.error, false]);
  });

  it('never overwrites a file', async () => {
    const file = join(directory, 'mine.tar.gz');
    writeFileSync(file, 'mine');
    const { code, complaints } = await accelctl(cluster(), ['report', '-f', file]);
    expect(complaints[0]).toMatch(/^accelctl: writing .*mine\.tar\.gz: .*choose another file with --file$/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(code).toBe(exitCode.error);
  });

  it.each(['0', '1.5', 'many'])('rejects --lines %s', async (lines) => {
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect((await accelctl(cluster(), ['report', '--lines', lines])).code).toBe(exitCode.usage);
    jest.restoreAllMocks();
  });
});
