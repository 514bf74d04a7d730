import { readSandbox, type SandboxStatus } from './sandbox';

const hostNetns = 1;
const netnsOf = (pid: number): number | undefined =>
  new Map([
    [1, hostNetns],
    [100, 4026532001],
  ]).get(pid);

function sandbox(change: Partial<SandboxStatus['status']> = {}, pid: number | null = 100): SandboxStatus {
  return {
    status: {
      id: 's1',
      metadata: { name: 'cart-1', uid: 'u1', namespace: 'shop' },
      state: 'SANDBOX_READY',
      network: { ip: '10.0.0.5', additionalIps: [{ ip: 'fd00::5' }] },
      linux: { namespaces: { options: { network: 'POD' } } },
      labels: { app: 'cart', 'io.kubernetes.pod.name': 'cart-1' },
      annotations: { note: 'kept' },
      runtimeHandler: '',
      ...change,
    },
    info: pid === null ? {} : { info: JSON.stringify({ pid, sandboxID: 's1' }) },
  };
}

const read = (status: SandboxStatus): ReturnType<typeof readSandbox> => readSandbox(status, netnsOf, hostNetns);

test('a ready sandbox becomes a pod with its addresses, its network namespace and its own labels', () => {
  expect(read(sandbox())).toEqual({
    pod: {
      sandbox: 's1',
      namespace: 'shop',
      name: 'cart-1',
      uid: 'u1',
      labels: { app: 'cart' },
      annotations: { note: 'kept' },
      ownKernel: false,
      addresses: ['10.0.0.5', 'fd00::5'],
      pid: 100,
      netns: 4026532001,
    },
  });
});

test.each([
  ['an escape sequence', { name: 'cart\u001b[2J', uid: 'u1', namespace: 'shop' }],
  ['a line feed', { name: 'cart', uid: 'u1', namespace: 'shop\nbank' }],
  ['an empty text', { name: '', uid: 'u1', namespace: 'shop' }],
])('a sandbox with %s as name or namespace is not a pod', (_what, metadata) => {
  expect(read(sandbox({ metadata }))).toBe('never');
});

test('a sandbox in the network namespace of the node is never a pod', () => {
  expect(read(sandbox({ linux: { namespaces: { options: { network: 'NODE' } } } }))).toBe('never');
});

test.each([
  ['the handler of Kata Containers', sandbox({ runtimeHandler: 'kata-qemu' }), true],
  ['the handler of gVisor', sandbox({ runtimeHandler: 'runsc' }), true],
  [
    'another handler and the runtime type of gVisor',
    { ...sandbox({ runtimeHandler: 'untrusted' }), info: { info: JSON.stringify({ pid: 100, runtimeType: 'io.containerd.runsc.v1' }) } },
    true,
  ],
  ['the label of a KubeVirt machine', sandbox({ labels: { 'kubevirt.io': 'virt-launcher' } }), true],
  ['the handler crun', sandbox({ runtimeHandler: 'crun' }), false],
  [
    'the handler nvidia and the runtime type of runc',
    { ...sandbox({ runtimeHandler: 'nvidia' }), info: { info: JSON.stringify({ pid: 100, runtimeType: 'io.containerd.runc.v2' }) } },
    false,
  ],
])('whether the pod of a sandbox has its own kernel is known from %s', (_, status, ownKernel) => {
  expect(read(status)).toMatchObject({ pod: { ownKernel } });
});

test.each([
  ['is not ready', sandbox({ state: 'SANDBOX_NOTREADY' })],
  ['has no address yet', sandbox({ network: { ip: '', additionalIps: [] } })],
  ['has no network status', sandbox({ network: null })],
  ['has no pid', sandbox({}, null)],
  ['has the pid of no process', sandbox({}, 999)],
  ['has a pid in the network namespace of the host', sandbox({}, 1)],
  ['has info that is not JSON', { ...sandbox(), info: { info: '{' } }],
  ['has a negative pid', sandbox({}, -5)],
])('the status of a sandbox that %s is requested again later', (_, status) => {
  expect(read(status)).toBe('notYet');
});
