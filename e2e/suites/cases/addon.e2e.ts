// Uses the add-on package as a cluster console does: reads the description, checks settings by its schema, and installs the chart with them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { addonSchema, packAddon, type Addon } from '../../../release/gitops/addon';
import { startApiServer, type ApiServer } from '../../stand/api/apiServer';
import { established } from '../../stand/api/established';
import { attempt, run, type CommandResult } from '../../../release/tools/command';
import { chartDirectory } from '../../../release/gitops/chart';

let server: ApiServer;
let package_: string;
let addon: Addon;
let accepts: (settings: object) => string;

beforeAll(async () => {
  server = await startApiServer();
  package_ = mkdtempSync(join(tmpdir(), 'sidecar-acceleration-console-'));
  await run('tar', ['-xzf', await packAddon(server.tools), '-C', package_]);
  addon = addonSchema.parse(parse(readFileSync(join(package_, 'addon.yaml'), 'utf8'), { version: '1.1' }));
  const ajv = new Ajv({ strict: false });
  const validate = ajv.compile(addon.config_schema);
  accepts = (settings) => (validate(settings) ? '' : ajv.errorsText(validate.errors));
});

afterAll(async () => {
  await server?.stop();
  rmSync(package_, { recursive: true, force: true });
});

/** All values of a tree that are not maps, each with its path. */
function leaves(value: unknown, at = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) return [[at, value]];
  return Object.entries(value).flatMap(([name, each]) => leaves(each, at === '' ? name : `${at}.${name}`));
}

/** The settings that a console shows before the user changes any: the defaults of the schema. */
function defaultsOf(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if ('default' in schema) return schema.default;
  if (!('properties' in schema) || typeof schema.properties !== 'object' || schema.properties === null) return undefined;
  const defaults = Object.entries(schema.properties).map(([name, each]) => [name, defaultsOf(each)] as const);
  return Object.fromEntries(defaults.filter(([, value]) => value !== undefined));
}

async function helm(...args: string[]): Promise<CommandResult> {
  return attempt(server.tools.path('helm'), ['--kubeconfig', server.kubeconfig, '--namespace', addon.chart.namespace, ...args], {
    timeoutMs: 60_000,
  });
}

async function install(verb: 'install' | 'upgrade', settings: object): Promise<CommandResult> {
  const args = [
    '--kubeconfig',
    server.kubeconfig,
    '--namespace',
    addon.chart.namespace,
    verb,
    addon.chart.release,
    join(package_, addon.chart.file),
    '--no-hooks',
    '--values=-',
  ];
  return attempt(server.tools.path('helm'), args, { input: JSON.stringify(settings), timeoutMs: 60_000 });
}

async function deployment() {
  const { stdout } = await server.kubectl(['get', 'deployment', 'sidecar-acceleration-controller', '-n', addon.chart.namespace, '-o', 'json']);
  return JSON.parse(stdout).spec;
}

describe('the description', () => {
  it('has the name and version of the chart in the package', async () => {
    const shown = parse(await run(server.tools.path('helm'), ['show', 'chart', join(package_, addon.chart.file)]));
    expect({ name: shown.name, version: shown.version }).toEqual({ name: addon.name, version: addon.version });
    expect(shown.kubeVersion).toBe(`>=${addon.min_cluster_version}.0-0`);
  });

  it('has a setting for every value of the chart, with its default, and no other', () => {
    const values: unknown = parse(readFileSync(join(chartDirectory, 'values.yaml'), 'utf8'), { version: '1.1' });
    const shown = new Map(leaves(defaultsOf(addon.config_schema)));
    for (const [path, value] of leaves(values)) expect([path, shown.get(path)]).toEqual([path, value]);
    // Settings that are not in values.yaml are fields of the resource's spec, which get their defaults from the API server.
    const more = [...shown.keys()].filter((path) => !leaves(values).some(([known]) => known === path));
    expect(more.filter((path) => !path.startsWith('resource.spec.'))).toEqual([]);
  });
});

describe('settings', () => {
  it.each([
    ['none at all', {}],
    ['the toggle', { resource: { create: true, spec: { mode: 'Observe' } } }],
    ['another image', { image: { repository: 'mirror.example/acc', digest: `sha256:${'a'.repeat(64)}` }, replicas: 2 }],
  ])('are accepted: %s', (_what, settings) => {
    expect(accepts(settings)).toBe('');
  });

  it.each([
    ['an unknown setting', { speed: 'high' }, 'must NOT have additional properties'],
    ['an unknown mode', { resource: { spec: { mode: 'On' } } }, 'data/resource/spec/mode must be equal to one of the allowed values'],
    ['too many replicas', { replicas: 50 }, 'data/replicas must be <= 5'],
  ])('are refused before anything is installed, and by helm too: %s', async (_what, settings, words) => {
    expect(accepts(settings)).toContain(words);
    expect((await install('install', settings)).stderr).toContain("values don't meet the specifications of the schema");
  });
});

describe('the add-on', () => {
  it('is installed from the package alone', async () => {
    const { stdout } = await server.kubectl(['version', '-o', 'json']);
    const { major, minor } = JSON.parse(stdout).serverVersion as { major: string; minor: string };
    const [leastMajor = 0, leastMinor = 0] = addon.min_cluster_version.split('.').map(Number);
    expect(Number(major) * 1000 + Number(minor)).toBeGreaterThanOrEqual(leastMajor * 1000 + leastMinor);
    await server.kubectl(['create', 'namespace', addon.chart.namespace]);
    await server.kubectl([
      'label',
      'namespace',
      addon.chart.namespace,
      ...Object.entries(addon.chart.namespace_labels).map(([key, value]) => `${key}=${value}`),
    ]);
    const { code, stderr } = await install('install', { replicas: 2, logLevel: 'debug' });
    expect([code, stderr]).toEqual([0, '']);
    expect(await deployment()).toMatchObject({ replicas: 2 });
    await established(server, 'sidecaraccelerations.acceleration.dev');
  });

  it('is modified by other settings', async () => {
    expect((await install('upgrade', { replicas: 1 })).code).toBe(0);
    expect((await deployment()).replicas).toBe(1);
  });

  it('is uninstalled', async () => {
    expect((await helm('uninstall', addon.chart.release, '--no-hooks')).code).toBe(0);
    expect((await helm('list', '-q')).stdout).toBe('');
  });
});
