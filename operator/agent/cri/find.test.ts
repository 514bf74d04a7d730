import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** Starts a runtime at a path of the host that runs the given pods. */
async function runtimeAt(path: string, ...pods: string[]): Promise<ScriptedRuntime> {
  mkdirSync(dirname(join(host, path)), { recursive: true });
  const runtime = new ScriptedRuntime(join(host, path));
  for (const id of pods) runtime.sandboxes.set(id, { id, namespace: 'shop', ip: '10.0.0.1', pid: 11 });
  await runtime.start();
  runtimes.push(runtime);
  return runtime;
}

const find = (options: { socket?: string; podUid?: string } = { podUid: 'uid-agent' }): Cri => (cri = findCri({ hostRoot: host, known, ...options }));

test('the runtime is found at each of the known paths', async () => {
  await runtimeAt('/run/k3s/c.sock', 'agent', 'cart');
  expect(await find().readySandboxes()).toEqual(['agent', 'cart']);
  expect(cri?.socket).toBe('/run/k3s/c.sock');
});

test('of two runtimes the one that runs the agent is used', async () => {
  await runtimeAt('/run/containerd/c.sock', 'of-docker');
  await runtimeAt('/run/crio/c.sock', 'agent');
  await find().version();
  expect(cri?.socket).toBe('/run/crio/c.sock');
});

test('a runtime that does not answer does not hide another', async () => {
  (await runtimeAt('/run/containerd/c.sock')).stop();
  await runtimeAt('/run/crio/c.sock', 'agent');
  await find().version();
  expect(cri?.socket).toBe('/run/crio/c.sock');
});

test('without a runtime the error names every path, and a runtime that is started later is found', async () => {
  mkdirSync(join(host, 'run/containerd'), { recursive: true });
  writeFileSync(join(host, 'run/containerd/c.sock'), 'a file is no socket');
  const finding = find();
  await expect(finding.version()).rejects.toThrow('no container runtime has its socket at /run/containerd/c.sock, /run/k3s/c.sock, /run/crio/c.sock');
  await runtimeAt('/run/k3s/c.sock', 'agent');
  expect(await finding.readySandboxes()).toEqual(['agent']);
});

test('a runtime that does not run the agent is not used', async () => {
  await runtimeAt('/run/containerd/c.sock', 'of-docker');
  await expect(find().version()).rejects.toThrow('the runtime at /run/containerd/c.sock does not run the pod of this agent');
});

test('a socket that the resource names is the only one that is tried', async () => {
  await runtimeAt('/run/containerd/c.sock', 'agent');
  await runtimeAt('/run/own/c.sock', 'cart');
  expect(await find({ socket: '/run/own/c.sock', podUid: 'uid-agent' }).readySandboxes()).toEqual(['cart']);
});

test('absolute links of the host are followed inside its root, for known paths and for one that the resource names', async () => {
  await runtimeAt('/run/own/c.sock', 'agent');
  mkdirSync(join(host, 'run/crio'));
  symlinkSync('/run/own/c.sock', join(host, 'run/crio/c.sock'));
  mkdirSync(join(host, 'var'));
  symlinkSync('/run', join(host, 'var/run'));
  expect(await find().readySandboxes()).toEqual(['agent']);
  expect(cri?.socket).toBe('/run/crio/c.sock');
  cri?.close();
  expect(await find({ socket: '/var/run/own/c.sock' }).readySandboxes()).toEqual(['agent']);
});

test('a link with a new target is followed to it', async () => {
  await runtimeAt('/run/1/c.sock', 'before');
  await runtimeAt('/run/2/c.sock', 'after');
  symlinkSync('/run/1', join(host, 'run/current'));
  const finding = find({ socket: '/run/current/c.sock' });
  expect(await finding.readySandboxes()).toEqual(['before']);
  rmSync(join(host, 'run/current'));
  symlinkSync('/run/2', join(host, 'run/current'));
  expect(await finding.readySandboxes()).toEqual(['after']);
});

test('the error for a missing socket that the resource names has its path', async () => {
  await expect(find({ socket: '/run/own/c.sock' }).version()).rejects.toThrow('no container runtime has its socket at /run/own/c.sock');
});

test('the default of earlier releases in a stored resource does not keep other known paths from being tried', async () => {
  await runtimeAt('/run/k3s/containerd/containerd.sock', 'agent');
  const former = { hostRoot: host, socket: '/run/containerd/containerd.sock', podUid: 'uid-agent' };
  cri = findCri(former);
  await cri.version();
  expect(cri.socket).toBe('/run/k3s/containerd/containerd.sock');
  cri.close();
  await runtimeAt('/run/containerd/containerd.sock', 'agent');
  cri = findCri(former);
  await cri.version();
  expect(cri.socket).toBe('/run/containerd/containerd.sock');
});
