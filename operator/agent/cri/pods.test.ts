import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../protocol/journal.testing';
import { connectCri, type Cri } from './client';
import { PodWatch, type PodWatchOptions } from './pods';
import { ScriptedRuntime } from './runtime.testing';

const never = 1_000_000;
let directory: string;
let runtime: ScriptedRuntime;
let cri: Cri;
let watch: PodWatch;
let journal: Journal;
/** Process id → network namespace, as the host has them. */
let processes: Map<number, number>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cri-'));
  runtime = new ScriptedRuntime(join(directory, 'runtime.sock'));
  runtime.sandboxes.set('a', { id: 'a', namespace: 'shop', ip: '10.0.0.1', pid: 11 });
  runtime.sandboxes.set('b', { id: 'b', namespace: 'shop', ip: '10.0.0.2', additionalIps: ['fd00::2'], pid: 12, labels: { app: 'cart' } });
  await runtime.start();
  cri = connectCri(runtime.socket);
  journal = new Journal();
  processes = new Map([
    [1, 1],
    [11, 1011],
    [12, 1012],
    [13, 1013],
  ]);
});

afterEach(() => {
  watch.stop();
  cri.close();
  runtime.stop();
  rmSync(directory, { recursive: true });
});

function start(intervals: PodWatchOptions['intervals'] = { withEvents: never, withoutEvents: never }): void {
  watch = new PodWatch({
    cri,
    netnsOf: (pid) => processes.get(pid),
    onPods: (pods) => journal.add(`pods ${pods.map(({ sandbox, netns }) => `${sandbox}:${netns}`).join(' ')}`),
    onReachable: (problem) => journal.add(problem === undefined ? 'reachable' : `unreachable ${problem}`),
    onOddity: (what) => journal.add(`odd ${what}`),
    intervals: intervals ?? { withEvents: never, withoutEvents: never },
  });
  void watch.run();
}

test('the first list has the running pods', async () => {
  start();
  expect(await journal.until(/^pods/)).toBe('pods a:1011 b:1012');
  expect(await journal.until(/reachable/)).toBe('reachable');
});

test('a pod that starts is added at its event', async () => {
  start();
  await journal.until(/^reachable/);
  runtime.sandboxes.set('c', { id: 'c', namespace: 'shop', ip: '10.0.0.3', pid: 13 });
  runtime.event('c', 'CONTAINER_STARTED_EVENT');
  await journal.until(/^pods a:1011 b:1012 c:1013$/);
});

test('a pod that stops is removed at its event, before the next list', async () => {
  start();
  await journal.until(/^reachable/);
  const lists = runtime.calls['ListPodSandbox'];
  runtime.event('a', 'CONTAINER_STOPPED_EVENT');
  await journal.until(/^pods b:1012$/);
  expect(runtime.calls['ListPodSandbox']).toBe(lists);
});

test('a pod whose process has ended is removed without the runtime', async () => {
  start();
  await journal.until(/^reachable/);
  processes.delete(11);
  watch.prune();
  expect(journal.lines.at(-1)).toBe('pods b:1012');
});

test('a pod is removed when its process id belongs to a process of another network namespace', async () => {
  start();
  await journal.until(/^reachable/);
  processes.set(11, 4711);
  watch.prune();
  expect(journal.lines.at(-1)).toBe('pods b:1012');
});

test('pods in the network namespace of the node are left out, and their status is not requested again', async () => {
  runtime.sandboxes.set('h', { id: 'h', namespace: 'kube-system', hostNetwork: true, pid: 1 });
  start({ withEvents: 5, withoutEvents: 5 });
  await journal.until(/^pods a:1011 b:1012$/);
  const asked = runtime.calls['PodSandboxStatus'];
  const lists = runtime.calls['ListPodSandbox'] ?? 0;
  runtime.sandboxes.set('c', { id: 'c', namespace: 'shop', ip: '10.0.0.3', pid: 13 });
  await journal.until(/c:1013/);
  expect(runtime.calls['ListPodSandbox']).toBeGreaterThan(lists);
  expect(runtime.calls['PodSandboxStatus']).toBe((asked ?? 0) + 1);
});

test('a sandbox without an address is added at a later list', async () => {
  runtime.sandboxes.set('c', { id: 'c', namespace: 'shop', pid: 13 });
  start({ withEvents: 5, withoutEvents: 5 });
  await journal.until(/^pods a:1011 b:1012$/);
  runtime.sandboxes.set('c', { id: 'c', namespace: 'shop', ip: '10.0.0.3', pid: 13 });
  await journal.until(/c:1013/);
});

test('an event stream that has ended is opened again, and a list follows', async () => {
  start({ withEvents: never, withoutEvents: 5 });
  await journal.until(/^reachable/);
  runtime.sandboxes.delete('a');
  runtime.endEvents();
  await journal.until(/^odd the event stream of the container runtime ended/);
  await journal.until(/^pods b:1012$/);
  runtime.sandboxes.set('c', { id: 'c', namespace: 'shop', ip: '10.0.0.3', pid: 13 });
  runtime.event('c', 'CONTAINER_STARTED_EVENT');
  await journal.until(/^pods b:1012 c:1013$/);
  expect(runtime.calls['GetContainerEvents']).toBe(2);
});

test('a runtime that sends an event to one subscriber only is listed repeatedly, so that the kubelet loses no event', async () => {
  runtime.version = '1.7.22';
  start({ withEvents: never, withoutEvents: 5 });
  await journal.until(/^reachable/);
  runtime.sandboxes.delete('a');
  await journal.until(/^pods b:1012$/);
  expect(runtime.calls['GetContainerEvents']).toBeUndefined();
});

test('when the runtime stops its running pods stay in the list, and it is found again when it is back', async () => {
  start({ withEvents: 5, withoutEvents: 5 });
  await journal.until(/^reachable/);
  runtime.stop();
  expect(await journal.until(/^unreachable/)).toContain(runtime.socket);
  expect(journal.lines.filter((line) => line.startsWith('pods')).at(-1)).toBe('pods a:1011 b:1012');
  const seen = journal.lines.length;
  runtime.sandboxes.delete('b');
  await runtime.start();
  await journal.until(/^reachable/, seen);
  await journal.until(/^pods a:1011$/, seen);
});

test('a missing socket is reported with its path, and onPods is not called', async () => {
  runtime.stop();
  cri.close();
  cri = connectCri(join(directory, 'missing.sock'));
  start();
  expect(await journal.until(/^unreachable/)).toMatch(/missing\.sock.*(ENOENT|No connection)/);
  expect(journal.lines.some((line) => line.startsWith('pods'))).toBe(false);
});

test('a sandbox whose status cannot be read is reported once, and asked for again', async () => {
  const real = cri;
  let asked = 0;
  cri = {
    ...real,
    sandboxStatus: (id) => {
      if (id !== 'a') return real.sandboxStatus(id);
      asked += 1;
      return asked < 5 ? Promise.reject(new Error('the message is too large')) : real.sandboxStatus(id);
    },
  };
  start({ withEvents: 5, withoutEvents: 5 });
  await journal.until(/^pods a:1011 b:1012$/);
  expect(journal.lines.filter((line) => line.startsWith('odd'))).toEqual(['odd read the status of sandbox a: the message is too large']);
});
