// The tree's import directions, proven on the linter: each forbidden import is written into a file that exists, and refused.
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ESLint } from 'eslint';

const layers = ['api', 'ports', 'protocol', 'kube', 'process', 'controller', 'agent', 'cli'] as const;
type Layer = (typeof layers)[number];

/** Some existing source file of the layer, because type-aware rules know only files of the project. */
function fileOf(layer: string): string {
  const names = readdirSync(join(__dirname, layer), { recursive: true, encoding: 'utf8' });
  const name = names.find((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  if (!name) throw new Error(`operator/${layer} has no source file`);
  return join(__dirname, layer, name);
}

function importOf(from: string, to: string): string {
  return relative(dirname(fileOf(from)), fileOf(to)).replace(/\.ts$/, '');
}

const eslint = new ESLint({ cwd: join(__dirname, '..') });

/** What the direction rule says about `import '<source>'` written in the layer. */
async function refusals(from: string, source: string): Promise<string[]> {
  const [result] = await eslint.lintText(`import * as other from '${source}';\nvoid other;\n`, { filePath: fileOf(from) });
  return (result?.messages ?? []).filter((message) => message.ruleId === 'boundaries/dependencies').map((message) => message.message);
}

const allowed: Record<Layer, readonly Layer[]> = {
  api: [],
  ports: [],
  protocol: ['api', 'ports'],
  kube: [],
  process: ['api', 'ports'],
  controller: ['api', 'ports', 'protocol', 'kube', 'process'],
  agent: ['api', 'protocol', 'process'],
  cli: ['api', 'protocol', 'kube'],
};

/** Folders of operator/controller/, each with those beside it that it may import. */
const controller: Readonly<Record<string, readonly string[]>> = {
  agents: [],
  render: ['agents'],
  rollout: ['agents', 'render'],
  cluster: ['agents', 'render', 'rollout'],
  status: ['agents', 'rollout', 'cluster'],
  live: ['agents', 'rollout'],
  channel: ['agents', 'render', 'live'],
};
const rooms = Object.keys(controller);
const roomPairs = (wanted: boolean): (readonly [string, string])[] =>
  rooms.flatMap((from) => {
    const others = rooms.filter((to) => to !== from && (controller[from] ?? []).includes(to) === wanted);
    return others.map((to) => [`controller/${from}`, `controller/${to}`] as const);
  });

const pairs = layers.flatMap((from) => layers.filter((to) => to !== from).map((to) => [from, to] as const));

describe('the linter', () => {
  it.each([...pairs.filter(([from, to]) => allowed[from].includes(to)), ...roomPairs(true)])('lets operator/%s import operator/%s', async (from, to) => {
    expect(await refusals(from, importOf(from, to))).toEqual([]);
  }, 30_000);

  it.each([...pairs.filter(([from, to]) => !allowed[from].includes(to)), ...roomPairs(false)])('refuses that operator/%s imports operator/%s', async (from, to) => {
    expect(await refusals(from, importOf(from, to))).toHaveLength(1);
  }, 30_000);

  it.each([
    ['agent', '@kubernetes/client-node'],
    ['protocol', '@kubernetes/client-node'],
    ['api', '@kubernetes/client-node'],
    ['controller', 'koffi'],
    ['cli', 'koffi'],
    ['agent', 'cdk8s'],
    ['controller/status', 'koffi'],
  ] as const)('refuses that operator/%s imports the package %s', async (from, source) => {
    expect(await refusals(from, source)).toHaveLength(1);
  }, 30_000);
});
