import { FakeApi } from './api.testing';
import { exitCode } from './exit';
import { recorded } from './recorded.testing';
import { accelctl } from './run.testing';

const resourcePath = 'GET /apis/acceleration.dev/v1alpha1/sidecaraccelerations/default';
const inMesh = { 'istio-injection': 'enabled' };

/** A cluster with one pod, shop/cart, which is accelerated but for the given changes. */
function cluster({ labels = {}, annotations = {}, namespaceLabels = inMesh, pod = {}, phase = 'Running', resource = recorded() } = {}): FakeApi {
  return new FakeApi()
    .on(resourcePath, resource)
    .on('GET /api/v1/namespaces/shop', { metadata: { name: 'shop', labels: namespaceLabels } })
    .on('GET /api/v1/nodes/node1', { metadata: { name: 'node1', labels: { pool: 'other' } } })
    .on('GET /api/v1/namespaces/shop/pods/cart', {
      metadata: { name: 'cart', labels, annotations },
      spec: { nodeName: 'node1', ...pod },
      status: { phase },
    });
}

const explained = async (api: FakeApi, ...words: string[]) => {
  const { code, printed, complaints } = await accelctl(api, ['explain', ...(words.length > 0 ? words : ['shop/cart'])]);
  return { code, text: printed.join('\n'), complaints };
};

describe('the explanation of a pod', () => {
  it.each([
    ['of a namespace that is not selected', { namespaceLabels: { team: 'a' } as never }, 'its namespace is not selected: its labels do not match'],
    ['that opted out', { labels: { 'acceleration.dev/mode': 'off' } }, 'excluded by its label acceleration.dev/mode=off'],
    [
      'that the pod selector does not match',
      { resource: recorded({ spec: { selector: { pods: { matchLabels: { tier: 'web' } } } } }) },
      'do not match spec.selector.pods (tier=web)',
    ],
    ['on the network of its node', { pod: { hostNetwork: true } }, 'uses the network namespace of its node'],
    [
      'with the runtime of Kata Containers',
      { pod: { runtimeClassName: 'kata-qemu' } },
      'never selected, because it has a kernel of its own (runtime class kata-qemu)',
    ],
    ['that is a virtual machine of KubeVirt', { labels: { 'kubevirt.io': 'virt-launcher' } }, 'kernel of its own (a virtual machine of KubeVirt)'],
    ['that does not run', { phase: 'Pending' }, 'not running: it is Pending.\n  See kubectl -n shop describe pod cart'],
    ['while the mode is Off', { resource: recorded({ spec: { mode: 'Off' } }) }, 'nothing is accelerated: spec.mode is Off'],
    ['while the mode is Observe', { resource: recorded({ spec: { mode: 'Observe' } }) }, 'nothing is accelerated: spec.mode is Observe'],
    ['on a node that cannot accelerate', { pod: { nodeName: 'node3' } }, 'its node node3 cannot accelerate: KernelTooOld: the kernel is 4.18.0'],
    [
      'on a node that is not selected',
      { resource: recorded({ spec: { nodes: { nodeSelector: { pool: 'mesh' } } } }) },
      'its node node1 gets no agent: its labels do not match spec.nodes.nodeSelector (pool=mesh)',
    ],
    ['of a namespace that no node has reported', { resource: recorded({ status: { namespaces: [] } }) }, 'No node has reported its namespace yet'],
  ])('%s names the cause, with exit code 3', async (_what, changes, words) => {
    const { code, text } = await explained(cluster(changes));
    expect(text).toContain(words);
    expect(text).toMatch(/^Pod shop\/cart: /);
    expect(code).toBe(exitCode.notReady);
  });

  it('of an accelerated namespace shows the counts of the namespace, with exit code 0', async () => {
    const { code, text } = await explained(cluster());
    expect(text).toMatch(/^Pod shop\/cart: selected, on node node1\.\nNamespace shop: Accelerated for 5m\n/);
    expect(code).toBe(exitCode.success);
  });

  it('says that a limited bandwidth keeps connections with other pods on TCP', async () => {
    const { text } = await explained(cluster({ annotations: { 'kubernetes.io/ingress-bandwidth': '10M' } }));
    expect(text).toContain(
      'stay on TCP (BandwidthLimited): redirected bytes would bypass the limit of its annotation kubernetes.io/ingress-bandwidth',
    );
  });

  it('says that the resource is not ready', async () => {
    const { text } = await explained(cluster({ resource: recorded({ metadata: { generation: 4 } }) }));
    expect(text).toContain('The resource is not ready: the controller has not seen the last change yet');
  });

  it.each([[['cart', '-n', 'shop']], [['pod/cart', '--namespace', 'shop']]])('accepts the arguments of kubectl: %j', async (words) => {
    expect((await explained(cluster(), ...words)).text).toContain('Pod shop/cart: selected');
  });

  it('names the next step for a pod that does not exist', async () => {
    const { code, complaints } = await explained(cluster(), 'shop/gone');
    expect(complaints).toEqual(['accelctl: reading pods/gone: there is no such object in namespace shop; see kubectl -n shop get pods']);
    expect(code).toBe(exitCode.error);
  });

  it.each([['shop/cart/more'], ['shop/'], ['/cart']])('rejects the argument %s', async (word) => {
    const { code, complaints } = await explained(cluster(), word);
    expect(complaints[0]).toContain(`${word} names neither a namespace nor a pod`);
    expect(code).toBe(exitCode.usage);
  });
});
