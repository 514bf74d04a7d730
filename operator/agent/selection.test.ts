import type { LocalPod } from './cri/sandbox';
import { selectPods } from './selection';

function pod(netns: number, namespace: string, labels: Record<string, string> = {}): LocalPod {
  return {
    sandbox: `s${netns}`,
    namespace,
    name: `p${netns}`,
    uid: '',
    labels,
    annotations: {},
    ownKernel: false,
    addresses: [`10.0.0.${netns}`],
    pid: netns,
    netns,
  };
}

const netnsOf = (...args: Parameters<typeof selectPods>): number[] => selectPods(...args).pods.map(({ netns }) => netns);

test('pods of the order’s namespaces are selected, the other pods are neighbours', () => {
  expect(selectPods({ namespaces: ['shop'], podSelector: {} }, [pod(1, 'shop'), pod(2, 'bank'), pod(3, 'shop')])).toEqual({
    pods: [
      { netns: 1, netnsFile: '/proc/1/ns/net', namespace: 'shop', shaped: false, addresses: ['10.0.0.1'] },
      { netns: 3, netnsFile: '/proc/3/ns/net', namespace: 'shop', shaped: false, addresses: ['10.0.0.3'] },
    ],
    neighbours: ['10.0.0.2'],
    ownKernels: [],
  });
});

test('podSelector selects among these pods by their labels', () => {
  const order = { namespaces: ['shop'], podSelector: { matchLabels: { app: 'cart' } } };
  expect(netnsOf(order, [pod(1, 'shop', { app: 'cart' }), pod(2, 'shop', { app: 'web' }), pod(3, 'bank', { app: 'cart' })])).toEqual([1]);
});

test('a pod with the label acceleration.dev/mode=off is not selected', () => {
  const order = { namespaces: ['shop'], podSelector: {} };
  expect(netnsOf(order, [pod(1, 'shop', { 'acceleration.dev/mode': 'off' }), pod(2, 'shop', { 'acceleration.dev/mode': 'on' })])).toEqual([2]);
});

test('system namespaces are not selected, even when the order names them', () => {
  expect(netnsOf({ namespaces: ['kube-system', 'shop'], podSelector: {} }, [pod(1, 'kube-system'), pod(2, 'shop')])).toEqual([2]);
});

test('an order without namespaces selects no pod', () => {
  expect(netnsOf({ namespaces: [], podSelector: {} }, [pod(1, 'shop')])).toEqual([]);
});

test.each(['kubernetes.io/ingress-bandwidth', 'kubernetes.io/egress-bandwidth'])(
  'a pod with the annotation %s is selected and marked as shaped',
  (annotation) => {
    const limited = { ...pod(1, 'shop'), annotations: { [annotation]: '1M' } };
    const { pods } = selectPods({ namespaces: ['shop'], podSelector: {} }, [limited, { ...pod(2, 'shop'), annotations: { note: '1M' } }]);
    expect(pods.map(({ netns, shaped }) => [netns, shaped])).toEqual([
      [1, true],
      [2, false],
    ]);
  },
);

test('a pod with a kernel of its own is neither selected nor a neighbour', () => {
  const machine = { ...pod(1, 'shop'), ownKernel: true };
  expect(selectPods({ namespaces: ['shop'], podSelector: {} }, [machine, pod(2, 'shop')])).toMatchObject({
    pods: [{ netns: 2 }],
    neighbours: [],
    ownKernels: ['10.0.0.1'],
  });
});
