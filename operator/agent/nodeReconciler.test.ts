import { Backoff } from '../base';
import type { Order } from '../protocol';
import type { LocalPod } from './cri/sandbox';
import { DatapathRefused } from './datapath/contract';
import { FakeDatapath, noCounters } from './datapath.testing';
import { ScriptedHost } from './host.testing';
import { DatapathOpener } from './opener';
import { NodeReconciler } from './nodeReconciler';

let now: number;
let host: ScriptedHost;
let datapath: FakeDatapath;
/** Called when the datapath is opened; a test may let it throw. */
let opening: () => void;
let opened: number;
let node: NodeReconciler;
/** Calls for a pinned datapath that cannot be opened. */
let left: string[];

beforeEach(() => {
  now = 0;
  host = new ScriptedHost();
  datapath = new FakeDatapath();
  opening = () => undefined;
  opened = 0;
  left = [];
  const opener = new DatapathOpener({
    host,
    pins: '/sys/fs/bpf/p',
    object: '/object',
    now: () => now,
    open: () => {
      opened += 1;
      opening();
      host.pinned.push('v1');
      return datapath;
    },
    leftovers: { switchOff: () => left.push('off'), release: () => void (left.push('release'), (host.pinned.length = 0)) },
    backoff: new Backoff({ firstMs: 2000, maxMs: 4000, minMs: 1000 }, () => 1),
  });
  node = new NodeReconciler(opener, () => now);
});

const order = (change: Partial<Order> = {}): Order => ({
  revision: 1,
  mode: 'Accelerate',
  paths: ['PodLocal', 'NodeLocal'],
  maxConnections: 100,
  spillBytes: 65536,
  namespaces: ['shop'],
  podSelector: {},
  remove: false,
  reportSeconds: 1,
  ...change,
});
const pod = (netns: number, namespace = 'shop'): LocalPod => ({
  sandbox: `s${netns}`,
  namespace,
  name: 'p',
  uid: '',
  labels: {},
  annotations: {},
  ownKernel: false,
  addresses: [`10.0.0.${netns}`],
  pid: netns,
  netns,
});
const reasons = (): string[] => node.state().problems.map(({ reason }) => reason);

function give(change: Partial<Order> = {}): void {
  node.setOrder(order(change));
  node.reconcile();
}

function seen(...pods: LocalPod[]): void {
  node.setPods(pods);
  node.reconcile();
}

describe('an order', () => {
  test('is applied to the kernel, and its revision is reported', () => {
    seen(pod(1), pod(2, 'bank'));
    give({ revision: 5 });
    expect(datapath.told).toEqual(['configure Accelerate', 'select 1 beside 10.0.0.2']);
    expect(datapath.settings).toEqual({ mode: 'Accelerate', paths: ['PodLocal', 'NodeLocal'], maxConnections: 100, spillBytes: 65536, learn: true });
    expect(node.state()).toMatchObject({ appliedOrder: 5, mode: 'Accelerate', problems: [], released: false });
  });

  test('without a change does not touch the kernel, and its revision is reported', () => {
    seen(pod(1));
    give({ revision: 1 });
    give({ revision: 2 });
    node.reconcile();
    expect(datapath.told).toEqual(['configure Accelerate', 'select 1 beside']);
    expect(node.state().appliedOrder).toBe(2);
  });

  test('with mode Off is applied at once and keeps the selection', () => {
    seen(pod(1));
    give();
    give({ revision: 2, mode: 'Off' });
    expect(datapath.told.slice(2)).toEqual(['configure Off']);
  });

  test('is applied again when pods are added and removed', () => {
    seen(pod(1));
    give();
    seen(pod(1), pod(2));
    seen(pod(2));
    expect(datapath.told.slice(2)).toEqual(['select 1 2 beside', 'select 2 beside']);
  });

  test('on a kernel that cannot watch readers results in the problem UnwatchedReaders', () => {
    datapath.watching = 'Never';
    seen(pod(1));
    give();
    expect(reasons()).toEqual(['UnwatchedReaders']);
  });

  test('with mode Off ends the watching of readers', () => {
    seen(pod(1));
    give();
    datapath.counted = {
      namespaces: [{ ...noCounters('shop'), open: 2, reasons: new Map([['Learning', 2]]) }],
      joinedSockets: 0,
      drainingSockets: 0,
    };
    datapath.unknownReaders = [1];
    node.scan();
    expect(datapath.told).toContain('watch readers');
    give({ revision: 2, mode: 'Off' });
    node.scan();
    expect(datapath.reclaimed).toBe(2); // leases of unread messages are given back in every mode
    expect(datapath.told.at(-1)).toBe('leave readers alone');
  });

  test('results in the problem ConnectionLimit when the node or a pod has reached a bound', () => {
    datapath.counted = { namespaces: [], joinedSockets: 0, drainingSockets: 0, reached: ['the node has enough', 'a pod has enough'] };
    seen(pod(1));
    give();
    expect(node.state().problems).toEqual([
      expect.objectContaining({ reason: 'ConnectionLimit', message: expect.stringContaining('the node has enough, and 1 more') as string }),
    ]);
  });

  test('with more namespaces than the datapath has room for results in the problem NamespaceLimit', () => {
    datapath.full = ['shop'];
    seen(pod(1));
    give();
    expect(reasons()).toEqual(['NamespaceLimit']);
    expect(node.state().refused).toEqual(['shop']);
  });
});

describe('after a restart', () => {
  beforeEach(() => {
    host.pinned.push('v1');
  });

  test('a pinned datapath is opened and reported, and not changed before the first order', () => {
    seen(pod(1));
    expect(opened).toBe(1);
    expect(datapath.told).toEqual([]);
    expect(node.state()).toMatchObject({ appliedOrder: 0, mode: undefined, snapshot: datapath.counted });
  });

  test('an order does not deselect pods while the runtime has not answered', () => {
    node.setRuntimeProblem('no answer');
    give({ revision: 3 });
    expect(datapath.told).toEqual(['configure Accelerate']);
    expect(node.state().appliedOrder).toBe(0);
    expect(reasons()).toEqual(['NoCriSocket']);
    node.setRuntimeProblem(undefined);
    seen(pod(1));
    expect(datapath.told.at(-1)).toBe('select 1 beside');
    expect(node.state()).toMatchObject({ appliedOrder: 3, problems: [] });
  });

  test('nothing is opened or reported before the runtime has answered or failed for the first time', () => {
    give();
    expect(opened).toBe(0);
    expect(node.settled).toBe(false);
    node.setRuntimeProblem('no answer');
    expect(node.settled).toBe(true);
  });

  test('an order to remove releases what an earlier agent pinned', () => {
    seen();
    give({ revision: 9, remove: true });
    expect(datapath.told).toEqual(['configure Off', 'release']);
    expect(node.state()).toMatchObject({ released: true, appliedOrder: 9 });
  });
});

describe('a node that cannot accelerate', () => {
  test('is not touched, and the problem is reported also before any order', () => {
    host.files.delete('/sys/kernel/btf/vmlinux');
    seen();
    expect(reasons()).toEqual(['NoBtf']);
    seen(pod(1));
    give();
    expect(opened).toBe(0);
    expect(node.state()).toMatchObject({ appliedOrder: 0 });
    expect(reasons()).toEqual(['NoBtf']);
  });

  test('is tried again at growing intervals, and gets its order when it can', () => {
    seen(pod(1));
    opening = () => {
      throw new DatapathRefused('LoadRefused', 'on_message: permission denied');
    };
    give();
    expect(node.state().problems).toEqual([{ reason: 'LoadRefused', message: 'on_message: permission denied' }]);
    for (; now < 20_000; now += 500) node.reconcile();
    expect(opened).toBeLessThan(10);
    opening = () => undefined;
    now += 4000;
    node.reconcile();
    expect(node.state()).toMatchObject({ appliedOrder: 1, problems: [] });
  });

  test('because the object cannot be read reports that and does not throw', () => {
    opening = () => {
      throw new Error("ENOENT: no such file or directory, open '/object'");
    };
    seen(pod(1));
    give();
    expect(node.state().problems).toEqual([{ reason: 'LoadRefused', message: expect.stringContaining("open '/object'") as string }]);
  });

  test('because its runtime has never answered is not touched', () => {
    node.setRuntimeProblem('no such socket');
    give();
    expect(opened).toBe(0);
    expect(reasons()).toEqual(['NoCriSocket']);
  });

  test('carries out an order to remove at once, since nothing is pinned', () => {
    host.release = '4.19.0';
    seen();
    give({ revision: 4, remove: true });
    expect(opened).toBe(0);
    expect(node.state()).toMatchObject({ released: true, appliedOrder: 4, problems: [] });
  });

  test('because of stale pins does not carry out an order to remove, and reports StalePins', () => {
    host.pinned.push('v0');
    node.setPods([]);
    opening = () => {
      throw new DatapathRefused('StalePins', '/sys/fs/bpf/p/v0 is of another version');
    };
    give({ remove: true });
    expect(reasons()).toEqual(['StalePins']);
    expect(node.state().released).toBe(false);
  });
});

describe('a datapath of an earlier agent that cannot be opened', () => {
  beforeEach(() => {
    host.pinned.push('abi-1');
    opening = () => {
      throw new DatapathRefused('LoadRefused', 'the kernel refused the programs');
    };
    seen(pod(1));
  });

  test('is switched off by an order with mode Off, and not touched by one with mode Accelerate', () => {
    give({ revision: 2 });
    expect(left).toEqual([]);
    give({ revision: 3, mode: 'Off' });
    expect(left).toEqual(['off']);
    expect(reasons()).toContain('LoadRefused');
  });

  test('is switched off by an order to remove, and released 30 s later', () => {
    give({ revision: 4, remove: true });
    expect(left).toEqual(['off']);
    expect(node.state().released).toBe(false);
    now += 30_000;
    node.reconcile();
    expect(left.at(-1)).toBe('release');
    expect(node.state()).toMatchObject({ released: true, appliedOrder: 4 });
  });
});

describe('an order to remove', () => {
  beforeEach(() => {
    seen(pod(1));
    give();
    datapath.told.splice(0);
  });

  test('sets the mode Off, waits until redirected bytes are read, and releases the datapath', () => {
    datapath.counted = { ...datapath.counted, drainingSockets: 2 };
    give({ revision: 2, remove: true });
    node.reconcile();
    expect(datapath.told).toEqual(['configure Off']);
    expect(node.state()).toMatchObject({ released: false, appliedOrder: 1 });
    datapath.counted = { ...datapath.counted, drainingSockets: 0 };
    node.reconcile();
    node.reconcile();
    expect(datapath.told).toEqual(['configure Off', 'release']);
    expect(node.state()).toMatchObject({ released: true, appliedOrder: 2, snapshot: undefined, selected: [] });
  });

  test('waits 30 s at most for unread redirected bytes', () => {
    datapath.counted = { ...datapath.counted, drainingSockets: 1 };
    give({ revision: 2, remove: true });
    now += 29_000;
    node.reconcile();
    expect(datapath.told).not.toContain('release');
    now += 2000;
    node.reconcile();
    expect(datapath.told).toContain('release');
  });

  test('waits two minutes at most for connections that must leave the map', () => {
    datapath.counted = { ...datapath.counted, drainingSockets: 1, leavingSockets: 1 };
    give({ revision: 2, remove: true });
    now += 119_000;
    node.reconcile();
    expect(datapath.told).not.toContain('release');
    now += 2000;
    node.reconcile();
    expect(datapath.told).toContain('release');
  });

  test('that is replaced while draining is stopped, and the new order is applied', () => {
    datapath.counted = { ...datapath.counted, drainingSockets: 1 };
    give({ revision: 2, remove: true });
    give({ revision: 3 });
    now += 60_000;
    node.reconcile();
    expect(datapath.told).toEqual(['configure Off', 'configure Accelerate']);
    expect(node.state()).toMatchObject({ released: false, appliedOrder: 3, mode: 'Accelerate' });
  });

  test('that was carried out and is followed by another order opens the datapath again', () => {
    give({ revision: 2, remove: true });
    host.pinned.splice(0);
    give({ revision: 3 });
    expect(datapath.told).toEqual(['configure Off', 'release', 'configure Accelerate', 'select 1 beside']);
    expect(node.state()).toMatchObject({ released: false, appliedOrder: 3 });
  });

  test('that was carried out does not touch the kernel when pods change', () => {
    give({ revision: 2, remove: true });
    host.pinned.splice(0);
    seen(pod(2));
    expect(opened).toBe(1);
    expect(datapath.told).toEqual(['configure Off', 'release']);
  });
});

test('a node reconciler that is closed closes the datapath’s file descriptors and changes nothing in the kernel', () => {
  seen(pod(1));
  give();
  node.close();
  expect(datapath.told.slice(2)).toEqual(['close']);
});
