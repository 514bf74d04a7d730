import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectionOf, KubeConfig, loadKubeConfig } from './config';

const directory = mkdtempSync(join(tmpdir(), 'kube-config-'));
const kept = { ...process.env };
const named = (name: string): unknown => ({
  clusters: [{ name: 'c', cluster: { server: `https://${name}:6443/` } }],
  users: [{ name: 'u', user: { token: `token of ${name}` } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  'current-context': 'x',
});
const file = (name: string, content: unknown = named(name)): string => {
  const path = join(directory, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};

beforeEach(() => {
  process.env = { ...kept };
  delete process.env['KUBECONFIG'];
  delete process.env['KUBERNETES_SERVICE_HOST'];
});
afterAll(() => {
  process.env = kept;
  rmSync(directory, { recursive: true });
});

describe('loadKubeConfig', () => {
  it('loads the given file although $KUBECONFIG is set', () => {
    process.env['KUBECONFIG'] = file('environment');
    expect(loadKubeConfig(file('named')).getCurrentCluster()?.server).toBe('https://named:6443');
  });

  it('loads $KUBECONFIG rather than the pod’s ServiceAccount', () => {
    process.env['KUBECONFIG'] = file('environment');
    process.env['KUBERNETES_SERVICE_HOST'] = '10.96.0.1';
    expect(loadKubeConfig().getCurrentCluster()?.server).toBe('https://environment:6443');
  });

  it('loads the pod’s ServiceAccount without $KUBECONFIG', () => {
    process.env['KUBERNETES_SERVICE_HOST'] = 'fd00::1';
    process.env['KUBERNETES_SERVICE_PORT'] = '443';
    expect(loadKubeConfig().getCurrentCluster()?.server).toBe('https://[fd00::1]:443');
  });

  it('throws an error that says what to set when it is not in a pod', () => {
    expect(() => loadKubeConfig()).toThrow("reading the kubeconfig from the pod's ServiceAccount: KUBERNETES_SERVICE_HOST is not set");
  });

  it('throws an error with the path of a file that cannot be read or names no cluster', () => {
    expect(() => loadKubeConfig('/absent')).toThrow('reading the kubeconfig from /absent: ENOENT');
    const empty = file('empty', { ...(named('empty') as object), 'current-context': 'other' });
    expect(() => loadKubeConfig(empty)).toThrow('its current context names no cluster');
  });
});

describe('a connection', () => {
  it('sends the credentials of the user, and keeps one HTTP agent for all requests', async () => {
    const connection = connectionOf(loadKubeConfig(file('named')));
    const [one, other] = [await connection.options(), await connection.options()];
    expect(connection.server).toBe('https://named:6443');
    expect(one.headers).toEqual({ Authorization: 'Bearer token of named' });
    expect(one.agent).toBe(other.agent);
    expect(one.agent).toMatchObject({ keepAlive: true });
  });

  it('reads the token file again when the token is old', async () => {
    const path = join(directory, 'token');
    writeFileSync(path, 'first');
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'c', server: 'https://c', skipTLSVerify: false },
      { name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile: path } } },
    );
    const connection = connectionOf(config);
    expect((await connection.options()).headers).toEqual({ Authorization: 'Bearer first' });
    writeFileSync(path, 'second');
    jest.useFakeTimers({ now: Date.now() + 61_000, doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask', 'performance'] });
    expect((await connection.options()).headers).toEqual({ Authorization: 'Bearer second' });
    jest.useRealTimers();
  });

  it('is refused without a cluster', () => {
    expect(() => connectionOf(new KubeConfig())).toThrow('the current context names no cluster');
  });
});
