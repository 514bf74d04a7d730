import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Cri } from './client';
import { findCri } from './find';
import { ScriptedRuntime } from './runtime.testing';

const known = ['/run/containerd/c.sock', '/run/k3s/c.sock', '/run/crio/c.sock'];
let host: string;
let cri: Cri | undefined;
const runtimes: ScriptedRuntime[] = [];

beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'host-'));
});
afterEach(() => {
  cri?.close();
  for (const runtime of runtimes.splice(0)) runtime.stop();
  rmSync(host, { recursive: true });
});

/** A runtime at a path of the host that runs these pods. */
async function runtimeAt(path: string, ...pods: string[]): Promise<ScriptedRuntime> {
  mkdirSync(dirname(join(host, path)), { recursive: true });
  const runtime = new ScriptedRuntime(join(host, path));
  for (const id of pods) runtime.sandboxes.set(id, { id, namespace: 'shop', ip: '10.0.0.1', pid: 11 });
  await runtime.start();
  runtimes.push(runtime);
  return runtime;
}

const find = (options: { socket?: string; podUid?: string } = { podUid: 'uid-agent' }): Cri => (cri = findCri({ hostRoot: host, known, ...options }));

test('the runtime of each node is found where it is, whatever others have', async () => {
  await runtimeAt('/run/k3s/c.sock', 'agent', 'cart');
  expect(await find().readySandboxes()).toEqual(['agent', 'cart']);
  expect(cri?.socket).toBe('/run/k3s/c.sock');
});

test('of two it is the one that runs the agent', async () => {
  await runtimeAt('/run/containerd/c.sock', 'of-docker');
  await runtimeAt('/run/crio/c.sock', 'agent');
  await find().version();
  expect(cri?.socket).toBe('/run/crio/c.sock');
});

test('one that does not answer hides no other', async () => {
  (await runtimeAt('/run/containerd/c.sock')).stop();
  await runtimeAt('/run/crio/c.sock', 'agent');
  await find().version();
  expect(cri?.socket).toBe('/run/crio/c.sock');
});

test('none at all is said with every place that was looked at, and one that comes later is found', async () => {
  mkdirSync(join(host, 'run/containerd'), { recursive: true });
  writeFileSync(join(host, 'run/containerd/c.sock'), 'a file is no socket');
  const finding = find();
  await expect(finding.version()).rejects.toThrow('no container runtime has its socket at /run/containerd/c.sock, /run/k3s/c.sock, /run/crio/c.sock');
  await runtimeAt('/run/k3s/c.sock', 'agent');
  expect(await finding.readySandboxes()).toEqual(['agent']);
});

test('one that knows nothing of the agent is not taken for its node’s', async () => {
  await runtimeAt('/run/containerd/c.sock', 'of-docker');
  await expect(find().version()).rejects.toThrow('the runtime at /run/containerd/c.sock does not run the pod of this agent');
});

test('a socket that the resource names is the only one that is asked', async () => {
  await runtimeAt('/run/containerd/c.sock', 'agent');
  await runtimeAt('/run/own/c.sock', 'cart');
  expect(await find({ socket: '/run/own/c.sock', podUid: 'uid-agent' }).readySandboxes()).toEqual(['cart']);
});
