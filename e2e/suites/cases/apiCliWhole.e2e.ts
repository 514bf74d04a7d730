// accelctl's other commands against a real API server: on an empty cluster, with half an installation, with a resource, and after a drain.
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { scripts, type Shell } from '../../../operator/cli/completion/scripts';
import { accelctlOn, accelctlProgram, kubeconfigWith } from '../../stand/api/accelctl';
import { startApiServer, type ApiServer } from '../../stand/api/apiServer';
import { chartDirectory } from '../../../release/gitops/chart';
import { established } from '../../stand/api/established';
import { waitFor } from '../../stand/support/waitFor';
import { attempt, run } from '../../../release/tools/command';
import { checkout } from '../../../release/tools/paths';

const namespace = 'sidecar-acceleration';
const crd = 'sidecaraccelerations.acceleration.dev';

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(() => server?.stop());

const accelctl = (words: string[], kubeconfig = server.kubeconfig) => accelctlOn(kubeconfig, words);

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await server.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

interface Doctor {
  findings: { check: string; level: string; message: string; remedy?: string }[];
}

/** Runs doctor; returns its findings, a line for each, and its exit code. */
async function diagnosed(kubeconfig = server.kubeconfig): Promise<{ code: number; lines: string }> {
  const { code, stdout } = await accelctl(['doctor', '-o', 'yaml'], kubeconfig);
  const { findings } = parse(stdout) as Doctor;
  return { code, lines: findings.map(({ check, level, message, remedy = '' }) => `${level} ${check}: ${message} => ${remedy}`).join('\n') };
}

/** Writes the status that a controller would write. */
async function controllerSays(ready: 'True' | 'False', message: string): Promise<void> {
  const { metadata } = JSON.parse(await kubectl(['get', 'sca', 'default', '-o', 'json'])) as { metadata: { generation: number } };
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: 'Tested',
    message,
    observedGeneration: metadata.generation,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  const status = { conditions: [condition('Ready', ready), condition('Progressing', 'False')], nodes: { desired: 0, ready: 0 } };
  const object = { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', metadata: { name: 'default' }, status };
  await kubectl(['apply', '--server-side', '--subresource=status', '--field-manager=test', '-f', '-'], JSON.stringify(object));
}

// Each describe needs the state that the one before it left.
describe('accelctl before anything is installed', () => {
  it('has doctor say that this cluster may be used, and what its user may do', async () => {
    const { lines } = await diagnosed();
    expect(lines).toContain('ok rights: this user may install');
    expect(lines).toContain('ok crd: not installed yet');
    expect(lines).toContain('ok controller: not installed yet');
  });

  it('has doctor warn of the rights that a user lacks, and exit with 0', async () => {
    const { code, lines } = await diagnosed(await kubeconfigWith(server, 'nobody', { as: 'nobody' }));
    expect(lines).toContain('warning rights: this user may not create customresourcedefinitions, create clusterroles');
    expect(lines).toContain('skipped nodes: this user may not list nodes');
    expect(code).toBe(0);
  });

  it.each([['off'], ['on', '--select', 'mesh=on'], ['explain', 'default']])('says that the chart is missing: %s', async (...words) => {
    const { code, stderr } = await accelctl(words);
    expect(stderr).toMatch(/^accelctl: .*the cluster does not know this resource type; install the chart: helm install .*\n$/);
    expect(code).toBe(1);
  });

  it('has nothing to drain', async () => {
    expect(await accelctl(['drain'])).toMatchObject({ code: 0, stdout: 'there is no resource, so no node has anything to drain\n' });
  });
});

describe('accelctl with half an installation', () => {
  beforeAll(async () => {
    await run(server.tools.path('helm'), [
      '--kubeconfig',
      server.kubeconfig,
      'install',
      'any',
      chartDirectory,
      '-n',
      namespace,
      '--create-namespace',
      '--no-hooks',
    ]);
    await established(server, crd);
  });

  it('has doctor name a controller that never became ready, and exit with 3', async () => {
    const { code, lines } = await diagnosed();
    expect(lines).toMatch(/failure controller: 0 of \d ready in sidecar-acceleration/);
    expect(lines).toContain(
      'failure controller: no replica leads: the Lease is not being renewed => see the log of the controller: kubectl -n sidecar-acceleration logs',
    );
    expect(lines).toContain('warning resource: there is no resource, so nothing is accelerated');
    expect(code).toBe(3);
  });

  it('has doctor and report look into the namespace of the release, whatever lies in others', async () => {
    const labels = (component: string) => ({ 'app.kubernetes.io/name': 'sidecar-acceleration', 'app.kubernetes.io/component': component });
    const decoy = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'sidecar-acceleration-controller', labels: labels('controller') },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels('controller') },
        template: { metadata: { labels: labels('controller') }, spec: { containers: [{ name: 'c', image: 'x'.repeat(100_000) }] } },
      },
    };
    await kubectl(['create', 'namespace', 'app-team']);
    await kubectl(['create', '-n', 'app-team', '-f', '-'], JSON.stringify(decoy));
    const status = '{"status":{"replicas":1,"readyReplicas":1,"observedGeneration":1}}';
    await kubectl(['patch', '-n', 'app-team', 'deployment', decoy.metadata.name, '--subresource=status', '--type=merge', '-p', status]);
    const { code, lines } = await diagnosed();
    expect(lines).toMatch(/failure controller: 0 of \d ready in sidecar-acceleration/);
    expect(lines).not.toContain('app-team');
    expect(code).toBe(3);
    const named = await accelctl(['doctor', '--namespace', 'app-team']);
    expect(named.stdout).toContain('the ClusterRoleBinding sidecar-acceleration-controller names sidecar-acceleration, and not app-team');
    expect(named.stdout.length).toBeLessThan(20_000);
    const file = join(dirname(server.kubeconfig), 'decoy.tar.gz');
    expect((await accelctl(['report', '-f', file])).code).toBe(0);
    expect(await run('tar', ['-xzOf', file, '--wildcards', '*/README.txt'])).toContain('product in namespace sidecar-acceleration.');
    await kubectl(['delete', 'namespace', 'app-team', '--wait=false']);
  });

  it('refuses the first `on` without a selection, and changes nothing', async () => {
    const { code, stderr } = await accelctl(['on']);
    expect(stderr).toBe('accelctl: there is no resource yet, so no namespaces are selected: choose them with --select KEY=VALUE, or --all\n');
    expect(code).toBe(2);
    expect((await server.kubectl(['get', 'sca', 'default'])).code).toBe(1);
  });

  it('prints the API server’s message about a wrong spec', async () => {
    const { code, stderr } = await accelctl(['on', '--spec', '{mode: Fast}']);
    expect(stderr).toMatch(/^accelctl: applying .*Unsupported value: "Fast".*; correct the field that it names.*\n$/);
    expect(code).toBe(1);
  });

  it('turns acceleration on, and says after the timeout that it still waits for the controller', async () => {
    const { code, stderr } = await accelctl(['on', '--select', 'mesh=on', '--timeout', '2s']);
    expect(stderr).toBe(
      'waiting for the controller\naccelctl: waited 2 s: waiting for the controller; the change goes on in the cluster: see accelctl status, and accelctl doctor if nothing changes\n',
    );
    expect(code).toBe(3);
    expect(JSON.parse(await kubectl(['get', 'sca', 'default', '-o', 'jsonpath={.spec.selector}']))).toMatchObject({
      namespaces: { matchLabels: { mesh: 'on' } },
    });
  });
});

describe('accelctl while the resource is there', () => {
  it('turns acceleration off, and exits with 0 as soon as the controller has followed', async () => {
    const turned = accelctl(['off', '--timeout', '30s']);
    // The status must be about the generation that the command has made, so wait for its change first.
    await waitFor('the mode Off', async () => (await kubectl(['get', 'sca', 'default', '-o', 'jsonpath={.spec.mode}'])) === 'Off');
    await controllerSays('True', 'All agents follow the order.');
    expect(await turned).toMatchObject({ code: 0, stdout: 'Off is in force: All agents follow the order.\n' });
  });

  it('explains a pod by its labels, and says when the pod does not exist', async () => {
    await kubectl(['create', 'namespace', 'shop']);
    await kubectl(['label', 'namespace', 'shop', 'mesh=on']);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'cart', labels: { 'acceleration.dev/mode': 'off' } },
      spec: { automountServiceAccountToken: false, containers: [{ name: 'a', image: 'b' }] },
    };
    await kubectl(['create', 'serviceaccount', 'default', '-n', 'shop']).catch(() => undefined);
    await kubectl(['apply', '-n', 'shop', '-f', '-'], JSON.stringify(pod));
    expect(await accelctl(['explain', 'shop/cart'])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('Pod shop/cart: excluded by its label acceleration.dev/mode=off.'),
    });
    expect(await accelctl(['explain', 'gone', '-n', 'shop'])).toMatchObject({
      code: 1,
      stderr: 'accelctl: reading pods/gone: there is no such object in namespace shop; see kubectl -n shop get pods\n',
    });
  });

  it('says that a user who may read the resource may not change it', async () => {
    await kubectl(['create', 'clusterrole', 'looker', `--verb=get`, `--resource=${crd}`]);
    await kubectl(['create', 'clusterrolebinding', 'looker', '--clusterrole=looker', '--user=looker']);
    const looker = await kubeconfigWith(server, 'looker', { as: 'looker' });
    expect((await accelctl(['status'], looker)).code).toBe(0);
    expect(await accelctl(['off'], looker)).toMatchObject({
      code: 1,
      stderr: `accelctl: switching ${crd}/default: this user may not patch ${crd}/default; ask for the verb patch on ${crd}\n`,
    });
  });

  it('writes a report that can be unpacked and contains no secret', async () => {
    await kubectl(['create', 'secret', 'generic', 'mine', '-n', namespace, '--from-literal=password=hunter2']);
    const file = join(dirname(server.kubeconfig), 'report.tar.gz');
    const { code, stdout } = await accelctl(['report', '-f', file]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('report.tar.gz: ')]);
    const text = await run('tar', ['-xzOf', file]);
    expect(text).toContain('sidecar-acceleration-controller');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(Buffer.from('hunter2').toString('base64'));
  });

  it('prints no colours when the output is not a terminal', async () => {
    for (const env of [{}, { NO_COLOR: '1' }, { FORCE_COLOR: '1' }])
      expect((await accelctlOn(server.kubeconfig, ['doctor'], env)).stdout).not.toContain('\u001b');
  });

  it('is drained', async () => {
    expect(await accelctl(['drain'])).toMatchObject({ code: 0, stdout: 'every node is clean, and the resource is gone\n' });
    expect((await server.kubectl(['get', 'sca', 'default'])).stderr).toContain('not found');
  });
});

describe('accelctl with the CRD of an older release', () => {
  beforeAll(async () => {
    const { spec, ...rest } = JSON.parse(await kubectl(['get', 'crd', crd, '-o', 'json']));
    delete spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.rollout;
    await kubectl(['replace', '-f', '-'], JSON.stringify({ ...rest, spec }));
  });

  it('has doctor say which field the CRD lacks and how to upgrade it', async () => {
    const { code, lines } = await diagnosed();
    expect(lines).toContain(
      'failure crd: the CRD is older than this release: it lacks spec.rollout => upgrade the release (crds.enabled: true), or: kubectl apply --server-side -f crds/',
    );
    expect(code).toBe(3);
  });

  it('refuses a spec with that field, which the API server would drop', async () => {
    const { code, stderr } = await accelctl(['on', '--spec', '{rollout: {maxUnavailable: 1}}']);
    expect(stderr).toMatch(
      /\.spec\.rollout: field not declared in schema; correct the field that it names; if that field should exist, the CRD is older than this accelctl: see accelctl doctor\n$/,
    );
    expect(code).toBe(1);
  });
});

describe('completion', () => {
  let bin: string;
  let path: string;

  beforeAll(async () => {
    bin = join(dirname(server.kubeconfig), 'bin');
    path = `${bin}:${process.env['PATH'] ?? ''}`;
    await mkdir(bin);
    const program = `#!/bin/sh\nexec ${process.execPath} ${accelctlProgram.join(' ')} "$@"\n`;
    await writeFile(join(bin, 'accelctl'), program);
    await writeFile(join(bin, 'kubectl-accel'), `#!/bin/sh\nexport ACCELCTL_NAME=kubectl-accel\n${program}`);
    await writeFile(join(bin, 'kubectl_complete-accel'), '#!/bin/sh\nexec kubectl-accel __complete "$@"\n');
    for (const name of ['accelctl', 'kubectl-accel', 'kubectl_complete-accel']) await chmod(join(bin, name), 0o755);
    await symlink(server.tools.path('kubectl'), join(bin, 'kubectl'));
  });

  const use: Record<Shell, string> = {
    bash: 'COMP_WORDS=(accelctl explain sh); COMP_CWORD=2; _accelctl; printf "%s\\n" "${COMPREPLY[@]}"',
    zsh: 'words=(accelctl explain sh); CURRENT=3; _accelctl',
    fish: 'complete -C "accelctl explain sh"',
  };
  // zsh has these functions only with a terminal. Here they print what would be offered.
  const before: Partial<Record<Shell, string>> = { zsh: 'compdef() { : }; _describe() { print -l -- $found }' };

  it.each(Object.keys(use) as Shell[])('completes a namespace of the cluster in %s', async (shell) => {
    const script = [before[shell] ?? '', scripts[shell], use[shell]].join('\n');
    const { stdout, stderr } = await attempt(shell, ['-c', script], { cwd: checkout, env: { PATH: path, KUBECONFIG: server.kubeconfig } });
    expect([stdout.trim(), stderr]).toEqual(['shop', '']);
  });

  it('works for the plugin of kubectl too, whose commands begin with kubectl', async () => {
    const options = { cwd: checkout, env: { PATH: path, KUBECONFIG: server.kubeconfig } };
    expect(await run('kubectl', ['__complete', 'accel', 'explain', 'sh'], options)).toMatch(/^shop\n:4\n/);
    const { code, stderr } = await attempt('kubectl', ['accel', 'status'], options);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^kubectl accel: reading .*there is no such resource/)]);
  });
});
