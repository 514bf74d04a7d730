import { Backoff } from '../base';
import type { Order } from '../protocol';
import type { LocalPod } from './cri/sandbox';
import { DatapathRefused } from './datapath/contract';
import { FakeDatapath, noCounters } from './datapath.testing';
import { ScriptedHost } from './host.testing';
import { DatapathOpener } from './opener';
import { Orders } from './orders';

let now: number;
let host: ScriptedHost;
let datapath: FakeDatapath;
/** What opening does beside giving the datapath; a test may let it throw. */
let opening: () => void;
let opened: number;
let orders: Orders;
/** What was done to pins that could not be opened. */
let left: string[];

beforeEach(() => {
  now = 0;
  host = new ScriptedHost();
  datapath = new FakeDatapath();
  opening = () => undefined;
  opened = 0;
  left = [];
  const opener = new DatapathOpener({
    host, pins: '/sys/fs/bpf/p', object: '/object', now: () => now,
    open: () => {
      opened += 1;
      opening();
      host.pinned.push('v1');
      return datapath;
    },
    leftovers: { switchOff: () => left.push('off'), release: () => void (left.push('release'), (host.pinned.length = 0)) },
    backoff: new Backoff({ firstMs: 2000, maxMs: 4000, minMs: 1000 }, () => 1),
  });
  orders = new Orders(opener, () => now);
});

const order = (change: Partial<Order> = {}): Order => ({
  revision: 1, mode: 'Accelerate', paths: ['PodLocal', 'NodeLocal'], maxConnections: 100, spillBytes: 65536,
  namespaces: ['shop'], podSelector: {}, remove: false, reportSeconds: 1, ...change,
});
const pod = (netns: number, namespace = 'shop'): LocalPod => ({
  sandbox: `s${netns}`, namespace, name: 'p', uid: '', labels: {}, annotations: {}, ownKernel: false, addresses: [`10.0.0.${netns}`], pid: netns, netns,
});
const reasons = (): string[] => orders.state().problems.map(({ reason }) => reason);

function give(change: Partial<Order> = {}): void {
  orders.take(order(change));
  orders.step();
}

function seen(...pods: LocalPod[]): void {
  orders.see(pods);
  orders.step();
}

describe('an order', () => {
  test('is put into the kernel, and its revision is told', () => {
    seen(pod(1), pod(2, 'bank'));
    give({ revision: 5 });
    expect(datapath.told).toEqual(['configure Accelerate', 'select 1 beside 10.0.0.2']);
    expect(datapath.settings).toEqual({ mode: 'Accelerate', paths: ['PodLocal', 'NodeLocal'], maxConnections: 100, spillBytes: 65536, learn: true });
    expect(orders.state()).toMatchObject({ appliedOrder: 5, mode: 'Accelerate', problems: [], released: false });
  });

  test('that changes nothing touches nothing, but its revision is told', () => {
    seen(pod(1));
    give({ revision: 1 });
    give({ revision: 2 });
    orders.step();
    expect(datapath.told).toEqual(['configure Accelerate', 'select 1 beside']);
    expect(orders.state().appliedOrder).toBe(2);
  });

  test('that switches off is in force at once and keeps the selection', () => {
    seen(pod(1));
    give();
    give({ revision: 2, mode: 'Off' });
    expect(datapath.told.slice(2)).toEqual(['configure Off']);
  });

  test('follows the pods as they come and go', () => {
    seen(pod(1));
    give();
    seen(pod(1), pod(2));
    seen(pod(2));
    expect(datapath.told.slice(2)).toEqual(['select 1 2 beside', 'select 2 beside']);
  });

  test('on a kernel that lets nobody see how programs read says so', () => {
    datapath.watching = 'Never';
    seen(pod(1));
    give();
    expect(reasons()).toEqual(['UnwatchedReaders']);
  });

  test('that switches off has nobody watched any more', () => {
    seen(pod(1));
    give();
    datapath.counted = { namespaces: [{ ...noCounters('shop'), open: 2, reasons: new Map([['Learning', 2]]) }], joinedSockets: 0, drainingSockets: 0 };
    datapath.strangers = [1];
    orders.visit();
    expect(datapath.told).toContain('watch readers');
    give({ revision: 2, mode: 'Off' });
    orders.visit();
    expect(datapath.settled).toBe(2); // what is held for unread messages is looked after in every mode
    expect(datapath.told.at(-1)).toBe('leave readers alone');
  });

  test('where the node or a pod has all that it may have says so', () => {
    datapath.counted = { namespaces: [], joinedSockets: 0, drainingSockets: 0, reached: ['the node has enough', 'a pod has enough'] };
    seen(pod(1));
    give();
    expect(orders.state().problems).toEqual([expect.objectContaining({ reason: 'ConnectionLimit', message: expect.stringContaining('the node has enough, and 1 more') as string })]);
  });

  test('with more namespaces than fit says so', () => {
    datapath.full = ['shop'];
    seen(pod(1));
    give();
    expect(reasons()).toEqual(['NamespaceLimit']);
    expect(orders.state().refused).toEqual(['shop']);
  });
});

describe('after a restart', () => {
  beforeEach(() => {
    host.pinned.push('v1');
  });

  test('what is pinned is opened and reported, but nothing is changed before the first order', () => {
    seen(pod(1));
    expect(opened).toBe(1);
    expect(datapath.told).toEqual([]);
    expect(orders.state()).toMatchObject({ appliedOrder: 0, mode: undefined, snapshot: datapath.counted });
  });

  test('an order does not deselect pods while the runtime has not answered', () => {
    orders.runtime('no answer');
    give({ revision: 3 });
    expect(datapath.told).toEqual(['configure Accelerate']);
    expect(orders.state().appliedOrder).toBe(0);
    expect(reasons()).toEqual(['NoCriSocket']);
    orders.runtime(undefined);
    seen(pod(1));
    expect(datapath.told.at(-1)).toBe('select 1 beside');
    expect(orders.state()).toMatchObject({ appliedOrder: 3, problems: [] });
  });

  test('nothing is done or said before the runtime has said its first word', () => {
    give();
    expect(opened).toBe(0);
    expect(orders.settled).toBe(false);
    orders.runtime('no answer');
    expect(orders.settled).toBe(true);
  });

  test('an order to remove cleans what the agent before left', () => {
    seen();
    give({ revision: 9, remove: true });
    expect(datapath.told).toEqual(['configure Off', 'release']);
    expect(orders.state()).toMatchObject({ released: true, appliedOrder: 9 });
  });
});

describe('a node that cannot', () => {
  test('is left untouched and says why, also before any order', () => {
    host.files.delete('/sys/kernel/btf/vmlinux');
    seen();
    expect(reasons()).toEqual(['NoBtf']);
    seen(pod(1));
    give();
    expect(opened).toBe(0);
    expect(orders.state()).toMatchObject({ appliedOrder: 0 });
    expect(reasons()).toEqual(['NoBtf']);
  });

  test('is looked at again with growing waits, and picked up once it can', () => {
    seen(pod(1));
    opening = () => {
      throw new DatapathRefused('LoadRefused', 'on_message: permission denied');
    };
    give();
    expect(orders.state().problems).toEqual([{ reason: 'LoadRefused', message: 'on_message: permission denied' }]);
    for (; now < 20_000; now += 500) orders.step();
    expect(opened).toBeLessThan(10);
    opening = () => undefined;
    now += 4000;
    orders.step();
    expect(orders.state()).toMatchObject({ appliedOrder: 1, problems: [] });
  });

  test('with an object that cannot be read reports it instead of dying', () => {
    opening = () => {
      throw new Error("ENOENT: no such file or directory, open '/object'");
    };
    seen(pod(1));
    give();
    expect(orders.state().problems).toEqual([{ reason: 'LoadRefused', message: expect.stringContaining("open '/object'") as string }]);
  });

  test('whose runtime has never answered is left untouched', () => {
    orders.runtime('no such socket');
    give();
    expect(opened).toBe(0);
    expect(reasons()).toEqual(['NoCriSocket']);
  });

  test('has nothing to give back: an order to remove is done at once', () => {
    host.release = '4.19.0';
    seen();
    give({ revision: 4, remove: true });
    expect(opened).toBe(0);
    expect(orders.state()).toMatchObject({ released: true, appliedOrder: 4, problems: [] });
  });

  test('with stale pins cannot give back either, and says so', () => {
    host.pinned.push('v0');
    orders.see([]);
    opening = () => {
      throw new DatapathRefused('StalePins', '/sys/fs/bpf/p/v0 is of another version');
    };
    give({ remove: true });
    expect(reasons()).toEqual(['StalePins']);
    expect(orders.state().released).toBe(false);
  });
});

describe('what an earlier agent left and nothing can open', () => {
  beforeEach(() => {
    host.pinned.push('abi-1');
    opening = () => {
      throw new DatapathRefused('LoadRefused', 'the kernel refused the programs');
    };
    seen(pod(1));
  });

  test('is switched off by an order that is not to accelerate, and left alone by one that is', () => {
    give({ revision: 2 });
    expect(left).toEqual([]);
    give({ revision: 3, mode: 'Off' });
    expect(left).toEqual(['off']);
    expect(reasons()).toContain('LoadRefused');
  });

  test('is switched off and, after the time to drain, released by an order to remove', () => {
    give({ revision: 4, remove: true });
    expect(left).toEqual(['off']);
    expect(orders.state().released).toBe(false);
    now += 30_000;
    orders.step();
    expect(left.at(-1)).toBe('release');
    expect(orders.state()).toMatchObject({ released: true, appliedOrder: 4 });
  });
});

describe('an order to remove', () => {
  beforeEach(() => {
    seen(pod(1));
    give();
    datapath.told.splice(0);
  });

  test('stops redirecting, waits until what was redirected is read, and leaves nothing', () => {
    datapath.counted = { ...datapath.counted, drainingSockets: 2 };
    give({ revision: 2, remove: true });
    orders.step();
    expect(datapath.told).toEqual(['configure Off']);
    expect(orders.state()).toMatchObject({ released: false, appliedOrder: 1 });
    datapath.counted = { ...datapath.counted, drainingSockets: 0 };
    orders.step();
    orders.step();
    expect(datapath.told).toEqual(['configure Off', 'release']);
    expect(orders.state()).toMatchObject({ released: true, appliedOrder: 2, snapshot: undefined, selected: [] });
  });

  test('does not wait for ever for a reader that hangs', () => {
    datapath.counted = { ...datapath.counted, drainingSockets: 1 };
    give({ revision: 2, remove: true });
    now += 29_000;
    orders.step();
    expect(datapath.told).not.toContain('release');
    now += 2000;
    orders.step();
    expect(datapath.told).toContain('release');
  });

  test('waits longer for connections that have to leave the map, and not for ever', () => {
    datapath.counted = { ...datapath.counted, drainingSockets: 1, leavingSockets: 1 };
    give({ revision: 2, remove: true });
    now += 119_000;
    orders.step();
    expect(datapath.told).not.toContain('release');
    now += 2000;
    orders.step();
    expect(datapath.told).toContain('release');
  });

  test('that is taken back while draining puts acceleration into force again', () => {
    datapath.counted = { ...datapath.counted, drainingSockets: 1 };
    give({ revision: 2, remove: true });
    give({ revision: 3 });
    now += 60_000;
    orders.step();
    expect(datapath.told).toEqual(['configure Off', 'configure Accelerate']);
    expect(orders.state()).toMatchObject({ released: false, appliedOrder: 3, mode: 'Accelerate' });
  });

  test('that is followed by another order opens everything again', () => {
    give({ revision: 2, remove: true });
    host.pinned.splice(0);
    give({ revision: 3 });
    expect(datapath.told).toEqual(['configure Off', 'release', 'configure Accelerate', 'select 1 beside']);
    expect(orders.state()).toMatchObject({ released: false, appliedOrder: 3 });
  });

  test('after the pods have gone and come does not touch the kernel any more', () => {
    give({ revision: 2, remove: true });
    host.pinned.splice(0);
    seen(pod(2));
    expect(opened).toBe(1);
    expect(datapath.told).toEqual(['configure Off', 'release']);
  });
});

test('closing leaves the kernel as it is', () => {
  seen(pod(1));
  give();
  orders.close();
  expect(datapath.told.slice(2)).toEqual(['close']);
});
