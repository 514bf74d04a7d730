// How the agent reads the pods of a node from a real containerd: which pods, with which data, and until when. Needs root.
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cgroup2Mount, findPodCgroup } from '../../../operator/agent/cgroup';
import { type Cri, connectCri } from '../../../operator/agent/cri/client';
import { findCri } from '../../../operator/agent/cri/find';
import { netnsReader } from '../../../operator/agent/cri/netns';
import { PodWatch } from '../../../operator/agent/cri/pods';
import type { LocalPod } from '../../../operator/agent/cri/sandbox';
import { realHost } from '../../../operator/agent/host';
import { type RuntimeNode, startRuntimeNode } from '../../stand/agent/runtimeNode';
import { waitFor } from '../../stand/support/waitFor';

let node: RuntimeNode;
let cri: Cri;
let watch: PodWatch;
let pods: readonly LocalPod[] | undefined;
let trouble: string | undefined;

beforeAll(async () => {
  node = await startRuntimeNode(`cri-${process.pid}`);
  cri = connectCri(node.socket);
  watch = new PodWatch({
    cri,
    netnsOf: netnsReader(join(node.root, 'proc')),
    onPods: (list) => {
      pods = list;
    },
    onReachable: (problem) => {
      trouble = problem;
    },
    onOddity: () => undefined,
  });
  void watch.run();
});

afterAll(async () => {
  watch?.stop();
  cri?.close();
  await node?.stop();
});

const named = (name: string): LocalPod | undefined => pods?.find((pod) => pod.name === name);
const plan = (name: string) => ({ namespace: 'shop', name, cgroupParent: `/${node.cgroup}/kubepods/besteffort/pod-${name}` });

/** The inode of the network namespace of a process of the machine, read from inside the machine. */
async function netnsOfPid(pid: number): Promise<number> {
  const link = await node.machine.run('readlink', [`/proc/${pid}/ns/net`]);
  return Number(/net:\[(\d+)\]/.exec(link)?.[1]);
}

test('a new pod is listed with its labels, both of its addresses and the inode of its network namespace', async () => {
  await waitFor('the first list', () => pods);
  await node.sandboxes.run({ ...plan('cart'), labels: { app: 'cart' }, annotations: { note: 'kept' } });
  const pod = await waitFor('the pod to be learnt', () => named('cart'), { timeoutMs: 2000, everyMs: 20 });
  expect(pod).toMatchObject({ namespace: 'shop', name: 'cart', uid: 'uid-cart', labels: { app: 'cart' }, annotations: { note: 'kept' } });
  expect(pod.addresses).toHaveLength(2);
  expect(pod.addresses[0]).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  expect(pod.addresses[1]).toMatch(/:/);
  expect(pod.netns).toBe(await netnsOfPid(pod.pid));
  const own = Number(/\d+/.exec(readlinkSync(`/proc/${node.machine.first.pid}/ns/net`))?.[0]);
  expect(pod.netns).not.toBe(own);
});

test('the runtime’s socket is found when the runtime runs the agent’s pod, and refused when it does not', async () => {
  const { sandbox } = await waitFor('the pod', () => named('cart'));
  const [found, other] = ['uid-cart', 'uid-of-nobody'].map((podUid) => findCri({ hostRoot: node.root, podUid }));
  try {
    expect(await found?.readySandboxes()).toContain(sandbox);
    expect(found?.socket).toBe('/run/containerd/containerd.sock');
    await expect(other?.version()).rejects.toThrow('the runtime at /run/containerd/containerd.sock does not run the pod of this agent');
  } finally {
    found?.close();
    other?.close();
  }
});

test('a pod with the default runtime class has no kernel of its own', async () => {
  expect(await waitFor('the pod', () => named('cart'))).toMatchObject({ ownKernel: false });
});

test('the listed address is the one that the pod has inside', async () => {
  const pod = await waitFor('the pod', () => named('cart'));
  const inside = await node.machine.run('nsenter', ['-t', String(pod.pid), '-n', 'ip', '-o', 'addr', 'show', 'dev', 'eth0']);
  for (const address of pod.addresses) expect(inside).toContain(` ${address}/`);
});

test('the cgroup of the pod’s process leads to the kubepods directory of this node, and not to the root', async () => {
  const pod = await waitFor('the pod', () => named('cart'));
  const mount = cgroup2Mount(realHost.read('/proc/self/mountinfo') ?? '');
  if (mount === undefined) throw new Error('this host has no cgroup v2');
  // /proc of the machine is read through its first process, because its process ids differ from those outside.
  const host = {
    ...realHost,
    read: (path: string) => (path.startsWith('/proc/self/') ? undefined : realHost.read(`/proc/${node.machine.first.pid}/root${path}`)),
  };
  expect(findPodCgroup(host, mount, [pod.pid])).toBe(join(mount, node.cgroup, 'kubepods'));
});

test('a pod with hostNetwork is not listed', async () => {
  await node.sandboxes.run({ ...plan('proxy'), hostNetwork: true });
  await node.sandboxes.run(plan('after'));
  await waitFor('a later pod to be learnt', () => named('after'), { timeoutMs: 2000, everyMs: 20 });
  expect(named('proxy')).toBeUndefined();
});

test('a pod that stops is removed because of its event, long before the next full list', async () => {
  const id = (await waitFor('the pod', () => named('after'))).sandbox;
  await node.sandboxes.stop(id);
  await waitFor('the pod to be forgotten', () => named('after') === undefined, { timeoutMs: 2000, everyMs: 20 });
  expect(named('cart')).toBeDefined();
  await node.sandboxes.remove(id);
});

test('a pod whose process dies is removed', async () => {
  await node.sandboxes.run(plan('dying'));
  const { pid } = await waitFor('the pod', () => named('dying'));
  await node.machine.run('kill', ['-9', String(pid)]);
  await waitFor('the pod to be forgotten', () => named('dying') === undefined, { timeoutMs: 2000, everyMs: 20 });
});

test('a runtime that is killed is reported, its running pods stay listed, and it is found when it runs again', async () => {
  const before = named('cart');
  await node.killRuntime();
  await waitFor('the runtime to be missed', () => trouble, { timeoutMs: 15_000 });
  expect(trouble).toContain('containerd.sock');
  expect(named('cart')).toEqual(before);
  await node.startRuntime();
  await waitFor('the runtime to be found again', () => trouble === undefined);
  await node.sandboxes.run(plan('later'));
  await waitFor('a new pod to be learnt', () => named('later'), { timeoutMs: 15_000 });
  expect(named('cart')).toEqual(before);
});
