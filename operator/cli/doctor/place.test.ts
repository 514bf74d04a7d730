import { refusal } from '../api.testing';
import { exitCode } from '../exit';
import { accelctl } from '../run.testing';
import { bindingPath, bindingTo, controllerPath, inNamespace, installed, workload } from './clusters.testing';
import { diagnosed } from './diagnosed.testing';

describe('doctor identifies the product by what an administrator has written', () => {
  /** A tenant's Deployment that looks like a healthy controller, and that sorts before the product's. */
  const decoy = {
    ...workload('sidecar-acceleration-controller', { readyReplicas: 1 }),
    metadata: { name: 'sidecar-acceleration-controller', namespace: 'app-team' },
  };
  const attacked = () =>
    installed()
      .on(controllerPath, workload('sidecar-acceleration-controller', {}))
      .on('GET /apis/apps/v1/deployments', { items: [decoy, workload('sidecar-acceleration-controller', {})] })
      .on(inNamespace('app-team', 'deployments/sidecar-acceleration-controller'), decoy);

  it('and no Deployment of another namespace hides that the controller is down', async () => {
    const { lines, code } = await diagnosed(attacked());
    expect(lines.join('\n')).toContain('failure controller: 0 of 1 ready in sidecar-acceleration');
    expect(lines.join('\n')).not.toContain('app-team');
    expect(code).toBe(exitCode.notReady);
  });

  it('and --namespace decides, with a warning when the ClusterRoleBinding names another namespace', async () => {
    const api = attacked();
    const { lines } = await diagnosed(api, '--namespace', 'app-team');
    expect(lines).toContain(
      'warning controller: the ClusterRoleBinding sidecar-acceleration-controller names sidecar-acceleration, and not app-team => leave --namespace out, unless you mean the other namespace',
    );
    expect(api.requests.map(({ path }) => path)).not.toContain('/apis/apps/v1/deployments');
  });

  it('and follows it into the namespace of the release', async () => {
    const own = { ...workload('sidecar-acceleration-controller', { readyReplicas: 1 }), metadata: { name: 'a', namespace: 'platform' } };
    const api = installed().on(bindingPath, bindingTo('platform')).on(inNamespace('platform', 'deployments/sidecar-acceleration-controller'), own);
    expect((await diagnosed(api)).lines).toContain('ok controller: 1 of 1 ready in platform, image example/acc:1');
  });

  it('and does not guess when it names several namespaces', async () => {
    const { code, complaints } = await accelctl(installed().on(bindingPath, bindingTo('one', 'two')), ['doctor']);
    expect(complaints).toEqual([
      'accelctl: reading clusterrolebindings/sidecar-acceleration-controller: it names 2 namespaces (one, two); choose one with --namespace',
    ]);
    expect(code).toBe(exitCode.error);
  });

  it('and says what it assumes when the user may not read it', async () => {
    const api = installed().on(bindingPath, refusal(403, { reason: 'Forbidden' }));
    expect((await diagnosed(api)).lines.join('\n')).toContain('so namespace sidecar-acceleration is assumed; name the namespace with --namespace');
    expect((await diagnosed(api, '-n', 'sidecar-acceleration')).lines.join('\n')).not.toContain('assumed');
  });

  it('and a Deployment without it is no installation', async () => {
    const { lines, code } = await diagnosed(installed().on(bindingPath, refusal(404, { reason: 'NotFound' })));
    expect(lines.join('\n')).toContain('failure controller: the controller in sidecar-acceleration has no rights');
    expect(code).toBe(exitCode.notReady);
  });

  it('and ignores subjects that are not the controller', async () => {
    const { subjects } = bindingTo('sidecar-acceleration');
    const others = [
      { kind: 'User', name: 'sidecar-acceleration-controller' },
      { kind: 'ServiceAccount', name: 'other', namespace: 'app-team' },
      { kind: 'ServiceAccount', name: 'sidecar-acceleration-controller', namespace: '../../nodes' },
    ];
    expect((await diagnosed(installed().on(bindingPath, { subjects: [...others, ...subjects] }))).code).toBe(exitCode.success);
  });
});

describe('doctor', () => {
  it.each(['json', 'yaml', 'table'])('bounds what it prints of an image name of 1,000,000 characters (%s)', async (format) => {
    const controller = workload('sidecar-acceleration-controller', { readyReplicas: 1 });
    const spec = { ...controller.spec, template: { spec: { containers: [{ image: 'x'.repeat(1_000_000) }] } } };
    const { printed } = await accelctl(installed().on(controllerPath, { ...controller, spec }), ['doctor', '-o', format]);
    expect(printed.join('').length).toBeLessThan(20_000);
    expect(printed.join('')).toContain('more characters');
  });
});
