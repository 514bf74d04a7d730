import { FakeApi, refusal } from '../api.testing';
import { exitCode } from '../exit';
import { recorded } from '../recorded.testing';
import { accelctl } from '../run.testing';
import {
  allowed,
  base,
  bindingPath,
  bindingTo,
  controllerPath,
  crdPath,
  empty,
  inNamespace,
  installed,
  node,
  resourcePath,
  review,
  stored,
  workload,
} from './clusters.testing';
import { diagnosed } from './diagnosed.testing';

describe('doctor on a healthy cluster', () => {
  it('reports no problem before the installation', async () => {
    const { code, lines } = await diagnosed(empty());
    expect(lines).toEqual([
      'ok cluster: Kubernetes v1.33.2',
      'ok rights: this user may install',
      'ok crd: not installed yet',
      'ok controller: not installed yet',
      'ok nodes: 2 of 2 can be accelerated by what the API server knows of them; kernels 6.1.0-38-amd64',
    ]);
    expect(code).toBe(exitCode.success);
  });

  it('reports no problem after the installation', async () => {
    const { code, lines } = await diagnosed(installed());
    expect(lines).toEqual([
      'ok cluster: Kubernetes v1.33.2',
      'ok crd: serves v1alpha1 with every field of this release',
      'ok controller: 1 of 1 ready in sidecar-acceleration, image example/acc:1',
      'ok agents: 2 of 2 ready',
      'ok nodes: 2 of 2 can be accelerated by what the API server knows of them; kernels 6.1.0-38-amd64',
      'ok resource: mode Accelerate, ready: All agents follow the order.',
      'ok namespaces: the selector matches 1; 1 selected, 0 opted out',
    ]);
    expect(code).toBe(exitCode.success);
  });

  it('prints a table and the remedies below it', async () => {
    const { printed } = await accelctl(installed().on('GET /api/v1/nodes', { items: [node('old', { kernelVersion: '4.18.0-553.el8' })] }), [
      'doctor',
    ]);
    const text = printed.join('');
    expect(text).toMatch(/^RESULT +CHECK +FOUND\nok +cluster +Kubernetes v1\.33\.2\n/);
    expect(text).toContain('What to do:\n  failure nodes: upgrade the kernel');
  });
});

describe('doctor reports', () => {
  const pods = (waiting: object) => ({
    items: [
      {
        metadata: { name: 'agent-x', labels: { 'app.kubernetes.io/component': 'agent' } },
        spec: { nodeName: 'two' },
        status: { containerStatuses: [{ ready: false, restartCount: 0, state: { waiting } }] },
      },
    ],
  });
  const notReady = workload('sidecar-acceleration-agent', { desiredNumberScheduled: 2, numberReady: 1 });
  const inShop = (name: string, metadata: object, runtimeClassName?: string) => ({
    metadata: { name, namespace: 'shop', ...metadata },
    spec: { runtimeClassName },
  });
  const virtual = { ...node('fargate'), metadata: { name: 'fargate', labels: { 'eks.amazonaws.com/compute-type': 'fargate' } } };
  const cri = { kernelVersion: '6.1.0', containerRuntimeVersion: 'cri-o://1.33.0' };
  const restricted = { items: [{ metadata: { name: 'sidecar-acceleration', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } }] };
  const misspelt = { items: [{ metadata: { name: 'shop', labels: { 'istio-injection': 'enabled', 'acceleration.dev/mode': 'Off' } } }] };

  it.each([
    [
      'a cluster that is too old',
      () => empty().on('GET /version', { gitVersion: 'v1.29.9+k3s1' }),
      'failure cluster: Kubernetes v1.29.9+k3s1 is older than 1.30',
    ],
    [
      'rights that installing needs',
      () => empty().on(review, { status: { allowed: false } }),
      'warning rights: this user may not create customresourcedefinitions, create clusterroles',
    ],
    [
      'kernels that are too old',
      () => empty().on('GET /api/v1/nodes', { items: [node('one'), node('old', { kernelVersion: '4.18.0-553.el8' })] }),
      'failure nodes: kernel older than 5.10: old',
    ],
    [
      'architectures without an image',
      () => empty().on('GET /api/v1/nodes', { items: [node('one'), node('z', { architecture: 's390x' })] }),
      'ok nodes: without an agent, UnsupportedPlatform: z. ',
    ],
    [
      'nodes that run no agents',
      () => installed().on('GET /api/v1/nodes', { items: [node('one'), virtual, node('win', { operatingSystem: 'windows' })] }),
      'ok nodes: without an agent, VirtualNode: fargate. ',
    ],
    ['that no node can run an agent', () => empty().on('GET /api/v1/nodes', { items: [virtual] }), 'warning nodes: no node that can run an agent'],
    [
      'Docker',
      () => empty().on('GET /api/v1/nodes', { items: [node('one', { containerRuntimeVersion: 'docker://24.0.1' })] }),
      'failure nodes: the runtime is Docker',
    ],
    [
      'a runtime with another socket',
      () =>
        installed()
          .on('GET /api/v1/nodes', { items: [node('one', cri)] })
          .on(resourcePath, recorded({ spec: { agent: { criSocket: '/run/k0s/containerd.sock' } } })),
      'remove spec.agent.criSocket',
    ],
    [
      'nodes that are not Ready',
      () => empty().on('GET /api/v1/nodes', { items: [node('one', {}, [{ type: 'Ready', status: 'Unknown' }])] }),
      'warning nodes: not Ready: one',
    ],
    [
      'an older CRD',
      () =>
        installed().on(
          crdPath,
          stored((schema) => delete schema.properties['spec']?.properties['rollout']),
        ),
      'failure crd: the CRD is older than this release: it lacks spec.rollout => upgrade the release',
    ],
    [
      'a missing CRD',
      () => installed().on(crdPath, refusal(404, { reason: 'NotFound' })),
      'failure crd: the CRD is missing, but the controller is installed',
    ],
    [
      'a resource without a controller',
      () => installed().on(controllerPath, refusal(404, { reason: 'NotFound' })),
      'failure controller: the controller is not installed, but there are agents in sidecar-acceleration and the resource',
    ],
    [
      'a controller that is not ready',
      () => installed().on(controllerPath, workload('sidecar-acceleration-controller', {})),
      'failure controller: 0 of 1 ready',
    ],
    [
      'a controller with 0 replicas',
      () => installed().on(controllerPath, { ...workload('sidecar-acceleration-controller', {}), spec: { ...workload('x', {}).spec, replicas: 0 } }),
      'no controller runs: kubectl -n sidecar-acceleration scale deployment',
    ],
    [
      'a namespace that belongs to Kubernetes',
      () =>
        installed()
          .on(bindingPath, bindingTo('kube-system'))
          .on(inNamespace('kube-system', 'deployments/sidecar-acceleration-controller'), {
            ...workload('sidecar-acceleration-controller', { readyReplicas: 1 }),
            metadata: { name: 'sidecar-acceleration-controller', namespace: 'kube-system' },
          }),
      'failure controller: namespace kube-system belongs to Kubernetes => install into a namespace of its own: helm install',
    ],
    [
      'a Lease that is not renewed',
      () =>
        installed().on('GET /apis/coordination.k8s.io/v1/namespaces/sidecar-acceleration/leases/sidecar-acceleration-controller', {
          spec: { holderIdentity: 'a', renewTime: '2026-03-01T11:00:00Z' },
        }),
      'failure controller: no replica leads',
    ],
    [
      'Pod Security that rejects agents',
      () => installed().on('GET /api/v1/namespaces', restricted),
      'kubectl label namespace sidecar-acceleration pod-security.kubernetes.io/enforce=privileged --overwrite',
    ],
    [
      'why agents are not ready',
      () =>
        installed()
          .on(`GET ${base}/daemonsets/sidecar-acceleration-agent`, notReady)
          .on('GET /api/v1/namespaces/sidecar-acceleration/pods', pods({ reason: 'ImagePullBackOff', message: 'Back-off pulling image' })),
      'failure agents: 1 of 2 ready => ImagePullBackOff: Back-off pulling image (two)',
    ],
    [
      'that there is no resource',
      () => installed().on(resourcePath, refusal(404, { reason: 'NotFound' })),
      'warning resource: there is no resource, so nothing is accelerated => accelctl on --select',
    ],
    [
      'nodes that the status lists as unsupported',
      () => installed().on(resourcePath, recorded()),
      'failure nodes: KernelTooOld on 1 (node3): the kernel is 4.18.0',
    ],
    [
      'a selector that selects no namespace',
      () => installed().on('GET /api/v1/namespaces', { items: [] }),
      'warning namespaces: spec.selector.namespaces selects no namespace',
    ],
    [
      'pods whose bandwidth is limited',
      () => installed().on('GET /api/v1/pods', { items: [inShop('cart', { annotations: { 'kubernetes.io/egress-bandwidth': '1M' } })] }),
      'warning namespaces: shop: bandwidth is limited by annotation: connections with other pods stay on TCP, so that the limit holds (cart) => do nothing, or remove the annotation',
    ],
    [
      'pods with kernels of their own',
      () =>
        installed().on(
          'GET /api/v1/pods',
          { metadata: { continue: 'more' }, items: [] },
          { items: [inShop('vm', { labels: { 'kubevirt.io': 'virt-launcher' } }), inShop('safe', {}, 'gvisor')] },
        ),
      'warning namespaces: shop: pods with kernels of their own (Kata Containers, gVisor, KubeVirt) stay on TCP (vm, safe)',
    ],
    [
      'chaos experiments that do not reach redirected bytes',
      () =>
        installed().on('GET /apis/chaos-mesh.org/v1alpha1/networkchaos', {
          items: [{ metadata: { name: 'slow', namespace: 'chaos' }, spec: { selector: { namespaces: ['shop', 'plain'] } } }],
        }),
      'warning namespaces: shop: NetworkChaos of Chaos Mesh acts on packets of its pods (slow in namespace chaos) => redirected bytes are no packets, so the tool does not reach them',
    ],
    [
      'chaos experiments that the user may not read',
      () => installed().on('GET /apis/litmuschaos.io/v1alpha1/chaosengines', refusal(403, { reason: 'Forbidden' })),
      'skipped namespaces: this user may not list chaos experiments',
    ],
    [
      'an invalid value of the mode label',
      () => installed().on('GET /api/v1/namespaces', misspelt),
      'warning namespaces: label acceleration.dev/mode has an invalid value: shop',
    ],
  ])('%s', async (_what, api, expected) => {
    const { lines, code, findings } = await diagnosed(api());
    expect(lines.join('\n')).toContain(expected);
    expect(code).toBe(findings.some(({ level }) => level === 'failure') ? exitCode.notReady : exitCode.success);
    for (const { level, remedy } of findings) expect([level, remedy === undefined]).toEqual([level, level === 'ok' || level === 'skipped']);
  });
});

describe('doctor', () => {
  it('reports a check as skipped when the user may not read its objects', async () => {
    const forbidden = refusal(403, { reason: 'Forbidden' });
    const api = new FakeApi().on('GET /version', { gitVersion: 'v1.33.2' }).on(review, allowed);
    for (const path of [bindingPath, controllerPath, 'GET /api/v1/nodes', 'GET /api/v1/namespaces', crdPath, resourcePath]) api.on(path, forbidden);
    const { lines, code } = await diagnosed(api);
    expect(lines.filter((line) => line.startsWith('skipped')).map((line) => line.split(' ')[1])).toEqual([
      'crd:',
      'controller:',
      'controller:',
      'nodes:',
      'resource:',
    ]);
    expect(code).toBe(exitCode.success);
  });

  it('treats the criSocket that earlier releases set by default as unset', async () => {
    const crio = node('one', { containerRuntimeVersion: 'cri-o://1.33.0' });
    const { lines } = await diagnosed(
      installed()
        .on('GET /api/v1/nodes', { items: [crio] })
        .on(resourcePath, recorded({ spec: { agent: { criSocket: '/run/containerd/containerd.sock' } } })),
    );
    expect(lines.join('\n')).not.toContain('criSocket');
  });

  it('prints one line, with exit code 1, when the API server does not answer', async () => {
    const { code, complaints } = await accelctl(new FakeApi().on('GET /version', new Error('connect ECONNREFUSED')), ['doctor']);
    expect(complaints).toEqual([
      'accelctl: reading the version of the API server: https://test cannot be reached: connect ECONNREFUSED; check the cluster and the kubeconfig',
    ]);
    expect(code).toBe(exitCode.error);
  });
});
