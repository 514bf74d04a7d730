// The resource on a real API server: which specs are accepted and with which defaults, which are refused with which message, and how status merges.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sidecarAcceleration, spec as specSchema } from '../../../operator/api';
import { startApiServer, type ApiServer } from '../../stand/api/apiServer';

const checkout = join(__dirname, '..', '..', '..');
const crdFile = join(checkout, 'crds', 'acceleration.dev_sidecaraccelerations.yaml');
const exampleFile = join(checkout, 'docs', 'examples', 'default.yaml');

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
  await succeed(['apply', '--server-side', '-f', crdFile]);
  await succeed(['wait', '--for=condition=Established', 'crd/sidecaraccelerations.acceleration.dev', '--timeout=30s']);
});

afterAll(() => server?.stop());

async function succeed(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await server.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

function resource(spec: unknown, name = 'default'): string {
  return JSON.stringify({ apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', metadata: { name }, spec });
}

/** The API server's answer to the resource in a dry run. */
async function dryRun(text: string): Promise<{ code: number; message: string }> {
  const { code, stderr } = await server.kubectl(['create', '--dry-run=server', '-f', '-'], text);
  return { code, message: stderr };
}

async function stored() {
  return sidecarAcceleration.parse(JSON.parse(await succeed(['get', 'sca', 'default', '-o', 'json'])));
}

describe('a resource that is refused', () => {
  it.each([
    ['an unknown mode', { mode: 'Fast' }, 'spec.mode: Unsupported value: "Fast": supported values: "Accelerate", "Observe", "Off"'],
    ['an unknown path', { paths: ['Everywhere'] }, 'spec.paths[0]: Unsupported value: "Everywhere": supported values: "PodLocal", "NodeLocal"'],
    ['a path given twice', { paths: ['PodLocal', 'PodLocal'] }, 'spec.paths[1]: Duplicate value: "PodLocal"'],
    ['no path at all', { paths: [] }, 'spec.paths in body should have at least 1 items'],
    ['spillBytes of 0', { connections: { spillBytes: 0 } }, 'spec.connections.spillBytes in body should be greater than or equal to 4096'],
    [
      'spillBytes of 10 TiB',
      { connections: { spillBytes: 10 * 2 ** 40 } },
      'spec.connections.spillBytes in body should be less than or equal to 67108864',
    ],
    ['spillBytes with a unit', { connections: { spillBytes: '10Ti' } }, 'spec.connections.spillBytes in body must be of type integer: "string"'],
    [
      'labels that are no map',
      { selector: { namespaces: { matchLabels: 'mesh' } } },
      'spec.selector.namespaces.matchLabels in body must be of type object',
    ],
    [
      'a label value with a space',
      { selector: { namespaces: { matchLabels: { mesh: 'a b' } } } },
      'spec.selector.namespaces.matchLabels.mesh: Invalid value: "a b"',
    ],
    [
      'a label key with a space',
      { selector: { pods: { matchLabels: { 'a b': 'c' } } } },
      'spec.selector.pods.matchLabels: Invalid value: a key is not a valid label key',
    ],
    [
      'an unknown operator',
      { selector: { pods: { matchExpressions: [{ key: 'a', operator: 'Is' }] } } },
      'matchExpressions[0].operator: Unsupported value: "Is": supported values: "In", "NotIn", "Exists", "DoesNotExist"',
    ],
    [
      'In without values',
      { selector: { pods: { matchExpressions: [{ key: 'a', operator: 'In' }] } } },
      'matchExpressions[0]: Invalid value: operators In and NotIn need at least one entry in values',
    ],
    [
      'Exists with values',
      { selector: { pods: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } } },
      'operators Exists and DoesNotExist take no values',
    ],
    [
      'a rollout of no agent at a time',
      { rollout: { maxUnavailable: 0 } },
      'spec.rollout.maxUnavailable in body should be greater than or equal to 1',
    ],
    ['a rollout of 0 %', { rollout: { maxUnavailable: '0%' } }, 'spec.rollout.maxUnavailable: Invalid value: "0%"'],
    ['a relative socket path', { agent: { criSocket: 'run/containerd.sock' } }, 'spec.agent.criSocket: Invalid value: "run/containerd.sock"'],
    [
      'a quantity that is none',
      { agent: { resources: { limits: { memory: 'much' } } } },
      'spec.agent.resources.limits.memory: Invalid value: "much"',
    ],
    [
      'a toleration with a value for Exists',
      { nodes: { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] } },
      'spec.nodes.tolerations[0]: Invalid value: operator Exists takes no value',
    ],
    [
      'a toleration of what is no key',
      { nodes: { tolerations: [{ key: 'not a key!', operator: 'Exists' }] } },
      'spec.nodes.tolerations[0].key: Invalid',
    ],
    ['a toleration of what is no value', { nodes: { tolerations: [{ key: 'a', value: 'b c' }] } }, 'spec.nodes.tolerations[0].value: Invalid'],
    ['a node selector with two dots in a row', { nodes: { nodeSelector: { 'a..b/c': 'd' } } }, 'a key is not a valid label key'],
    ['a priority class with two dots in a row', { agent: { priorityClassName: 'a..b' } }, 'spec.agent.priorityClassName: Invalid value: "a..b"'],
    ['a field that does not exist', { spilBytes: 1 }, 'unknown field "spec.spilBytes"'],
  ])('has %s, and the message says so', async (_what, spec, message) => {
    const answer = await dryRun(resource(spec));
    expect(answer.message).toContain(message);
    expect(answer.code).not.toBe(0);
  });

  it('has a name other than default, and the message says which name to use', async () => {
    const answer = await dryRun(resource({}, 'second'));
    expect(answer.message).toContain(
      'metadata.name: Invalid value: a cluster has one SidecarAcceleration and its name is "default": set metadata.name to default',
    );
    expect(answer.code).not.toBe(0);
  });

  it('has the mode Off without quotes, which YAML reads as a boolean', async () => {
    const answer = await dryRun('apiVersion: acceleration.dev/v1alpha1\nkind: SidecarAcceleration\nmetadata: {name: default}\nspec: {mode: Off}\n');
    expect(answer.message).toContain('spec.mode: Unsupported value: false: supported values: "Accelerate", "Observe", "Off"');
  });
});

describe('a resource that is accepted', () => {
  afterEach(() => succeed(['delete', 'sca', 'default', '--ignore-not-found']));

  it('is the example of ten lines, and the API server fills in every default', async () => {
    expect(readFileSync(exampleFile, 'utf8').trim().split('\n')).toHaveLength(10);
    await succeed(['apply', '-f', exampleFile]);
    const { spec } = await stored();
    expect(spec).toEqual(specSchema.parse({ selector: { namespaces: { matchLabels: { 'istio-injection': 'enabled' } } } }));
  });

  it('has an empty spec', async () => {
    await succeed(['create', '-f', '-'], resource(undefined));
    expect(JSON.parse(await succeed(['get', 'sca', 'default', '-o', 'json'])).spec).toEqual(specSchema.parse({}));
  });

  it.each([
    ['a percentage', { rollout: { maxUnavailable: '25%' } }],
    ['a number of agents', { rollout: { maxUnavailable: 3 } }],
    [
      'a toleration of every taint',
      {
        nodes: {
          tolerations: [
            { key: '', operator: 'Exists' },
            { key: 'node.example.com/gpu', value: 'a.b_c' },
          ],
        },
      },
    ],
    ['a plain number of cores', { agent: { resources: { requests: { cpu: 1 } } } }],
    ['the mode Off', { mode: 'Off' }],
  ])('has %s', async (_what, spec) => {
    expect(await dryRun(resource(spec))).toEqual({ code: 0, message: '' });
  });

  it('keeps its generation when only its status changes', async () => {
    await succeed(['create', '-f', '-'], resource({}));
    await applyStatus('test', { summary: { nodes: '1/1', accelerated: '100%' } });
    expect((await stored()).metadata.generation).toBe(1);
  });

  it('refuses a change of spec.nodes, because a node that leaves the selection could not be drained any more', async () => {
    await succeed(['create', '-f', '-'], resource({}));
    const patch = JSON.stringify({ spec: { nodes: { nodeSelector: { pool: 'mesh' } } } });
    const { code, stderr } = await server.kubectl(['patch', 'sca', 'default', '--type=merge', '-p', patch]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('spec.nodes cannot be changed: delete the resource');
  });

  it('shows mode, readiness, nodes, share and age in a listing', async () => {
    await succeed(['create', '-f', '-'], resource({}));
    await applyStatus('test', { conditions: [condition('Ready')], summary: { nodes: '2/3', accelerated: '97%' } });
    const [header, row] = (await succeed(['get', 'sca'])).trim().split('\n');
    expect(header?.split(/\s+/)).toEqual(['NAME', 'MODE', 'READY', 'NODES', 'ACCELERATED', 'AGE']);
    expect(row).toMatch(/^default\s+Accelerate\s+True\s+2\/3\s+97%\s+\S+$/);
  });

  it('merges conditions by type and namespaces by name when several managers apply them', async () => {
    await succeed(['create', '-f', '-'], resource({}));
    await applyStatus('first', { conditions: [condition('Ready')], namespaces: [namespace('shop')] });
    await applyStatus('second', { conditions: [condition('Degraded')], namespaces: [namespace('billing')] });
    const { status } = await stored();
    expect(status?.conditions?.map(({ type }) => type).sort()).toEqual(['Degraded', 'Ready']);
    expect(status?.namespaces?.map(({ name }) => name).sort()).toEqual(['billing', 'shop']);
  });

  it('loses a namespace in its status when the only manager of that namespace leaves it out', async () => {
    await succeed(['create', '-f', '-'], resource({}));
    await applyStatus('first', { namespaces: [namespace('shop'), namespace('billing')] });
    await applyStatus('first', { namespaces: [namespace('billing')] });
    expect((await stored()).status?.namespaces?.map(({ name }) => name)).toEqual(['billing']);
  });

  it('refuses a status with an unknown reason', async () => {
    await succeed(['create', '-f', '-'], resource({}));
    const odd = { ...namespace('shop'), reasons: [{ reason: 'Tired', connections: 1 }] };
    await expect(applyStatus('test', { namespaces: [odd] })).rejects.toThrow('status.namespaces[0].reasons[0].reason: Unsupported value: "Tired"');
  });
});

async function applyStatus(manager: string, status: unknown): Promise<void> {
  const text = JSON.stringify({ ...JSON.parse(resource(undefined)), status });
  await succeed(['apply', '--server-side', '--subresource=status', `--field-manager=${manager}`, '-f', '-'], text);
}

const since = '2026-01-01T00:00:00Z';

function condition(type: string) {
  return { type, status: 'True', reason: 'Tested', message: 'As tested.', observedGeneration: 1, lastTransitionTime: since };
}

function namespace(name: string) {
  return {
    name,
    state: 'Partial',
    pods: { selected: 2, accelerated: 2 },
    connections: { open: 10, accelerated: 9 },
    bytes: { fast: 2 ** 40, tcp: 100 },
    reasons: [{ reason: 'PeerElsewhere', connections: 1 }],
    since,
  };
}
