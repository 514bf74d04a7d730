// The kustomize base on a real API server: the objects that it installs, and an overlay whose image the agents get too.
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { at, objectOf, parsed, type Rendered } from '../../../release/gitops/chart';
import { startApiServer, type ApiServer } from '../../stand/api/apiServer';
import { established } from '../../stand/api/established';
import { kustomizeBase } from '../../../release/gitops/kustomizeBase';
import { checkout } from '../../../release/tools/paths';
import { readFileSync } from 'node:fs';

const directory = join(checkout, 'deploy', 'kustomize');
const controller = 'sidecar-acceleration-controller';

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(() => server?.stop());

async function kustomized(overlay: string): Promise<Rendered[]> {
  const { code, stdout, stderr } = await server.kubectl(['kustomize', join(directory, overlay)]);
  expect([code, stderr]).toEqual([0, '']);
  return parsed(stdout);
}

function deploymentOf(objects: readonly Rendered[]): Rendered {
  const [found] = objects.filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name === controller);
  if (found === undefined) throw new Error('no Deployment of the controller is rendered');
  return found;
}

it('has the objects that the chart renders', async () => {
  for (const [name, text] of await kustomizeBase(server.tools)) expect(readFileSync(join(checkout, name), 'utf8')).toBe(text);
});

it('has no labels or annotations of Helm', () => {
  const text = readFileSync(join(directory, 'base', 'controller.yaml'), 'utf8');
  expect(text).not.toMatch(/helm/i);
  expect(parseAllDocuments(text).length).toBeGreaterThan(5);
});

it('is accepted by the API server as a whole', async () => {
  const { code, stdout, stderr } = await server.kubectl(['apply', '--server-side', '--validate=strict', '-k', join(directory, 'base')]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`deployment.apps/${controller} serverside-applied`);
  await established(server, 'sidecaraccelerations.acceleration.dev');
  const namespace = await server.kubectl([
    'get',
    'namespace',
    'sidecar-acceleration',
    '-o',
    'jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}',
  ]);
  expect(namespace.stdout).toBe('privileged');
});

it('shows no difference once it is applied', async () => {
  const { code, stdout } = await server.kubectl(['diff', '--server-side', '-k', join(directory, 'base')]);
  expect([code, stdout]).toEqual([0, '']);
});

it('gives an overlay’s image to the controller and, through it, to the agents', async () => {
  const deployment = deploymentOf(await kustomized('example'));
  const image = at(deployment, 'spec.template.spec.containers.0.image');
  expect(image).toMatch(/^registry\.example\.com\/sidecar-acceleration@sha256:/);
  expect(at(deployment, 'spec.template.spec.containers.0.env')).toContainEqual({ name: 'IMAGE', value: image });
  expect(at(deployment, 'spec.replicas')).toBe(3);
});

it('has an admission policy that admits agents with the overlay’s image', async () => {
  const objects = await kustomized('example');
  const policy = objectOf(objects, 'ValidatingAdmissionPolicy', 'sidecar-acceleration-agents');
  expect(at(policy, 'spec.variables.0')).toEqual({ name: 'released', expression: '["registry.example.com/sidecar-acceleration"]' });
  const { code, stderr } = await server.kubectl([
    'apply',
    '--server-side',
    '--validate=strict',
    '--dry-run=server',
    '-k',
    join(directory, 'example'),
  ]);
  expect([code, stderr]).toEqual([0, '']);
});
