import { finalizer, rolloutStatus } from '../api';
import { ApiError, type KubeClient } from '../kube';
import { agentWith, reportWith } from './agents/agents.testing';
import type { AgentState } from './agents/agentState';
import type { StoredResource } from './cluster/cluster';
import { connectedTimeoutMs, disconnectedTimeoutMs } from './finalizing';
import { Installation } from './cluster/installation';
import { OrderBook } from './agents/orders';
import { Reconciler } from './reconcile';
import { StatusWriter } from './status/statusWriter';

const applied = ['apply ServiceAccount', 'apply ConfigMap', 'apply Service', 'apply DaemonSet'];
const deleted = ['delete DaemonSet', 'delete Service', 'delete ConfigMap', 'delete ServiceAccount'];
const kinds: Readonly<Record<string, string>> = {
  serviceaccounts: 'ServiceAccount',
  configmaps: 'ConfigMap',
  services: 'Service',
  daemonsets: 'DaemonSet',
};

interface Body {
  readonly metadata?: { readonly finalizers?: readonly string[] };
  readonly spec?: { readonly template?: unknown };
  readonly status?: {
    readonly observedGeneration: number;
    readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string; readonly message: string }[];
  };
}

/** The name of a request in `steps`. */
function stepOf(method: string, path: string, { metadata, status }: Body): string {
  if (path.endsWith('/sidecaraccelerations/default/status'))
    return `write the status ${status?.conditions.find(({ type }) => type === 'Ready')?.reason}`;
  if (path.endsWith('/sidecaraccelerations/default'))
    return metadata?.finalizers?.includes(finalizer) === true ? 'add the finalizer' : 'remove the finalizer';
  const kind = kinds[path.split('/').at(-2) ?? ''];
  return kind === undefined ? `${method} ${path}` : `${method === 'DELETE' ? 'delete' : 'apply'} ${kind}`;
}

/** A reconciler with a fake API server. `steps` has its requests, orders and calls of the rollout in their order. */
class Fixture {
  readonly steps: string[] = [];
  readonly logged: string[] = [];
  /** Steps that fail, with the status code of their error. */
  readonly failing = new Map<string, number>();
  resource: StoredResource | undefined = { metadata: { name: 'default', uid: '1d0a', generation: 1, finalizers: [] }, spec: {} };
  agents: AgentState[] = [];
  nodes: { readonly desired: number } | undefined = { desired: 1 };
  daemonSetGeneration: number | undefined = 1;
  isDecided = true;
  /** Is added to the message of a step that fails. */
  why = '';
  appliedTemplate: unknown;
  /** The status that was written last. */
  written: Body['status'];
  nowMs = 1_000_000;

  readonly orders = new OrderBook(() => this.nowMs);
  private readonly client: KubeClient = {
    request: (method, path, { body } = {}) => {
      const found = (body ?? {}) as Body;
      const step = stepOf(method, path, found);
      this.written = found.status ?? this.written;
      if (step === 'apply DaemonSet') this.appliedTemplate = found.spec?.template;
      return this.step(step, { metadata: { generation: 1 } });
    },
    stream: () => {
      throw new Error('the reconciler opens no watch');
    },
  };
  private readonly reconciler = new Reconciler({
    client: this.client,
    cluster: {
      resource: () => this.resource,
      labelledNamespaces: () => [{ name: 'shop', labels: {} }],
      nodes: () => this.nodes,
      daemonSetGeneration: () => this.daemonSetGeneration,
      kubeNodes: () => [],
      agentPods: () => [],
    },
    installation: new Installation(this.client, () => this.nowMs),
    rollout: {
      plan: ({ wanted: { revision, template } }) =>
        this.step(
          'plan the rollout',
          this.isDecided
            ? {
                revision,
                template: { ...template, planned: true },
                status: rolloutStatus.parse({ stage: 'Done', message: '', to: revision, remaining: 0 }),
                againMs: undefined,
              }
            : undefined,
        ),
      carryOut: () => this.step('replace agents', []),
      forget: () => this.step('forget the rollout', undefined),
    },
    orders: this.orders,
    sessions: {
      broadcast: ({ remove, mode }) => void this.steps.push(`send the order ${remove ? 'to remove' : mode}`),
      states: () => this.agents,
    },
    status: new StatusWriter(this.client, () => this.nowMs),
    surroundings: () => ({
      namespace: 'acceleration',
      image: 'acceleration:0.1.0',
      pullPolicy: 'IfNotPresent',
      pullSecrets: [],
      controllerAddress: '10.96.7.7:9443',
      ca: 'PEM',
    }),
    clock: { monotonicMs: () => this.nowMs, date: () => new Date(this.nowMs) },
  });

  private async step<T>(name: string, answer: T): Promise<T> {
    this.steps.push(name);
    const code = this.failing.get(name);
    if (code !== undefined) throw new ApiError(`${name}: HTTP ${code}${this.why}`, code, '');
    return Promise.resolve(answer);
  }

  /** One pass, two seconds after the last one. @returns the steps of this pass */
  async pass(): Promise<{ readonly steps: readonly string[]; readonly requeueAfterMs: number | undefined }> {
    this.nowMs += 2_000;
    this.steps.length = 0;
    const { requeueAfterMs } = await this.reconciler.reconcile((_level, message) => void this.logged.push(message));
    return { steps: [...this.steps], requeueAfterMs };
  }

  change(metadata: Partial<StoredResource['metadata']>, spec: unknown = {}): void {
    const before = this.resource?.metadata ?? { name: 'default', uid: '1d0a', generation: 1, finalizers: [] };
    this.resource = { metadata: { ...before, ...metadata }, spec };
  }

  /** Marks the resource as being deleted. */
  delete(): void {
    this.change({ finalizers: [finalizer], deletionTimestamp: '2026-03-01T12:00:00Z' });
  }

  /** The agent of node1 reports that it has removed the datapath. */
  released(revision = this.orders.current?.revision ?? 0): void {
    this.agents = [agentWith('node1', { report: reportWith({ appliedOrder: revision, released: true }) })];
  }
}

let fixture: Fixture;
beforeEach(() => (fixture = new Fixture()));

describe('a pass over a new resource', () => {
  test('adds the finalizer, sends the order, applies the agents’ objects with the DaemonSet last, replaces agents and writes the status', async () => {
    expect((await fixture.pass()).steps).toEqual([
      'add the finalizer',
      'send the order Accelerate',
      'plan the rollout',
      ...applied,
      'replace agents',
      'write the status NodesNotReady',
    ]);
  });

  test('applies the pod template of the rollout, not the one for the resource', async () => {
    await fixture.pass();
    expect(fixture.appliedTemplate).toMatchObject({ planned: true });
  });

  test.each([
    ['the finalizer', 'add the finalizer', ['add the finalizer']],
    ['the plan of the rollout', 'plan the rollout', ['add the finalizer', 'send the order Accelerate', 'plan the rollout']],
    [
      'an object that the DaemonSet needs',
      'apply ConfigMap',
      ['add the finalizer', 'send the order Accelerate', 'plan the rollout', 'apply ServiceAccount', 'apply ConfigMap'],
    ],
    ['the DaemonSet', 'apply DaemonSet', ['add the finalizer', 'send the order Accelerate', 'plan the rollout', ...applied]],
    [
      'the replacement of agents',
      'replace agents',
      ['add the finalizer', 'send the order Accelerate', 'plan the rollout', ...applied, 'replace agents'],
    ],
  ])('ends with the error of %s', async (_what, failing, steps) => {
    fixture.failing.set(failing, 403);
    await expect(fixture.pass()).rejects.toThrow(`${failing}: HTTP 403`);
    expect(fixture.steps).toEqual(steps);
  });

  test('that failed is repeated, without sending the order again', async () => {
    fixture.failing.set('apply DaemonSet', 500);
    await expect(fixture.pass()).rejects.toThrow();
    fixture.failing.clear();
    fixture.change({ finalizers: [finalizer] });
    expect((await fixture.pass()).steps).toEqual(['plan the rollout', ...applied, 'replace agents', 'write the status NodesNotReady']);
  });

  test('sends the order and applies nothing while the rollout cannot decide', async () => {
    fixture.isDecided = false;
    expect(await fixture.pass()).toEqual({
      steps: ['add the finalizer', 'send the order Accelerate', 'plan the rollout', 'write the status NodesNotReady'],
      requeueAfterMs: 1_000,
    });
  });
});

describe('a pass over a known resource', () => {
  beforeEach(async () => {
    fixture.agents = [agentWith('node1')];
    await fixture.pass();
    fixture.change({ finalizers: [finalizer] });
  });

  test('that has not changed applies, sends and writes nothing', async () => {
    expect((await fixture.pass()).steps).toEqual(['plan the rollout', 'replace agents']);
  });

  test('sends a changed order before it plans the rollout', async () => {
    fixture.change({ generation: 2 }, { mode: 'Off' });
    expect((await fixture.pass()).steps).toEqual(['send the order Off', 'plan the rollout', 'replace agents', 'write the status NodesNotReady']);
  });

  test('reverts another client’s change of the DaemonSet', async () => {
    fixture.daemonSetGeneration = 2;
    expect((await fixture.pass()).steps).toEqual(['plan the rollout', ...applied, 'replace agents']);
  });

  test('with an invalid spec writes the status and keeps the order and the agents', async () => {
    fixture.change({ generation: 2 }, { mode: 'Fast' });
    expect((await fixture.pass()).steps).toEqual(['write the status InvalidSpec']);
  });

  test('adds the finalizer again when another client has removed it, before it applies anything', async () => {
    fixture.change({ finalizers: [], generation: 2 }, { agent: { image: 'acceleration:0.2.0' } });
    expect((await fixture.pass()).steps).toEqual([
      'add the finalizer',
      'plan the rollout',
      ...applied,
      'replace agents',
      'write the status NodesNotReady',
    ]);
  });
});

describe('a pass whose agents the API server refuses as invalid', () => {
  const conditions = (): string[] => (fixture.written?.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`);
  const refusal = ['Ready False AgentRejected', 'Progressing False AgentRejected', 'Degraded True AgentRejected'];
  beforeEach(() => {
    fixture.agents = [agentWith('node1')];
    fixture.failing.set('apply DaemonSet', 422);
  });

  test('says so in the status, with the message of the API server on one line, and replaces no agent', async () => {
    fixture.why = ` Invalid: tolerations[0].key: "not a key!\u001b[31m" ${'x'.repeat(4000)}`;
    expect((await fixture.pass()).steps).toEqual([
      'add the finalizer',
      'send the order Accelerate',
      'plan the rollout',
      ...applied,
      'write the status AgentRejected',
    ]);
    expect([fixture.written?.observedGeneration, conditions()]).toEqual([1, refusal]);
    const message = fixture.written?.conditions[0]?.message ?? '';
    expect([message.slice(0, 93), message.length]).toEqual([
      String.raw`apply DaemonSet: HTTP 422 Invalid: tolerations[0].key: "not a key!\u001b[31m" xxxxxxxxxxxxxxxxx`.slice(0, 93),
      1024,
    ]);
  });

  test('is not tried again for a minute, says so once in the log, and goes on giving orders', async () => {
    await fixture.pass();
    fixture.change({ finalizers: [finalizer] });
    for (let passes = 0; passes < 29; passes += 1) expect((await fixture.pass()).steps).toEqual([]);
    fixture.agents = [];
    expect((await fixture.pass()).steps.filter((step) => step.startsWith('apply'))).toEqual(applied);
    expect(fixture.logged.filter((line) => line.includes('refuses'))).toEqual([
      'the API server refuses the agents of this spec: apply DaemonSet: HTTP 422',
    ]);
  });

  test('is tried at once for another spec, and the conditions follow', async () => {
    await fixture.pass();
    fixture.failing.clear();
    fixture.change({ finalizers: [finalizer], generation: 2 }, { mode: 'Off' });
    expect((await fixture.pass()).steps).toEqual([
      'send the order Off',
      'plan the rollout',
      ...applied,
      'replace agents',
      'write the status NodesNotReady',
    ]);
    expect([fixture.written?.observedGeneration, conditions()[1]]).toEqual([2, 'Progressing True RollingOut']);
  });

  test('is the same for any other object, also for the memory of the rollout', async () => {
    for (const failing of ['apply ConfigMap', 'plan the rollout']) {
      fixture = new Fixture();
      fixture.failing.set(failing, 422);
      await fixture.pass();
      expect(conditions()).toEqual(refusal);
    }
  });
});

describe('a pass over a resource that is being deleted', () => {
  beforeEach(async () => {
    fixture.agents = [agentWith('node1')];
    await fixture.pass();
    fixture.delete();
  });

  test('sends the order to remove, and deletes nothing before the nodes have removed the datapath', async () => {
    expect(await fixture.pass()).toEqual({ steps: ['send the order to remove', 'write the status Deleting'], requeueAfterMs: 500 });
    for (let passes = 0; passes < 10; passes += 1) expect((await fixture.pass()).steps).toEqual([]);
    expect(fixture.logged.at(-1)).toBe('draining nodes: waiting for node1');
  });

  test('deletes the agents’ objects, the DaemonSet first, forgets the rollout and removes the finalizer last', async () => {
    await fixture.pass();
    fixture.released();
    expect((await fixture.pass()).steps).toEqual([...deleted, 'forget the rollout', 'remove the finalizer']);
  });

  test('does not count a removal for an earlier order', async () => {
    const before = fixture.orders.current?.revision;
    await fixture.pass();
    fixture.released(before);
    expect((await fixture.pass()).steps).toEqual([]);
  });

  test.each([
    ['deleting the DaemonSet', 'delete DaemonSet', ['delete DaemonSet']],
    ['deleting the last object', 'delete ServiceAccount', deleted],
    ['forgetting the rollout', 'forget the rollout', [...deleted, 'forget the rollout']],
  ])('keeps the finalizer when %s fails, and repeats the deletion', async (_what, failing, steps) => {
    await fixture.pass();
    fixture.released();
    fixture.failing.set(failing, 500);
    await expect(fixture.pass()).rejects.toThrow(`${failing}: HTTP 500`);
    expect(fixture.steps).toEqual(steps);
    fixture.failing.clear();
    expect((await fixture.pass()).steps).toEqual([...deleted, 'forget the rollout', 'remove the finalizer']);
  });

  test('accepts objects that are deleted already', async () => {
    await fixture.pass();
    fixture.released();
    for (const step of deleted) fixture.failing.set(step, 404);
    expect((await fixture.pass()).steps).toEqual([...deleted, 'forget the rollout', 'remove the finalizer']);
  });

  test.each([
    ['not connected', false, disconnectedTimeoutMs],
    ['connected', true, connectedTimeoutMs],
  ])('stops waiting for an agent that is %s after its timeout, and logs it', async (_how, connected, timeoutMs) => {
    fixture.agents = [agentWith('node1', { connected })];
    await fixture.pass();
    fixture.nowMs += timeoutMs - 4_000;
    expect((await fixture.pass()).steps).not.toContain('delete DaemonSet');
    expect((await fixture.pass()).steps).toEqual([...deleted, 'forget the rollout', 'remove the finalizer']);
    expect(fixture.logged).toContainEqual(expect.stringContaining('gave up waiting for node1'));
  });

  test('waits while the number of nodes is not known, at most for the timeout of agents that are not connected', async () => {
    fixture.nodes = undefined;
    fixture.agents = [];
    expect(await fixture.pass()).toEqual({ steps: ['send the order to remove'], requeueAfterMs: 500 });
    fixture.nowMs += disconnectedTimeoutMs;
    expect((await fixture.pass()).steps).toEqual([...deleted, 'forget the rollout', 'remove the finalizer']);
  });

  test('does not wait when there is no DaemonSet', async () => {
    fixture.nodes = undefined;
    fixture.daemonSetGeneration = undefined;
    fixture.agents = [];
    expect((await fixture.pass()).steps).toEqual(['send the order to remove', ...deleted, 'forget the rollout', 'remove the finalizer']);
  });

  test('is possible with an invalid spec', async () => {
    fixture.change({}, { mode: 'Fast' });
    await fixture.pass();
    fixture.released();
    expect((await fixture.pass()).steps).toEqual([...deleted, 'forget the rollout', 'remove the finalizer']);
  });

  test('does nothing when the resource does not have this product’s finalizer', async () => {
    fixture.change({ finalizers: ['example.com/other'] });
    expect((await fixture.pass()).steps).toEqual([]);
  });
});

test('a pass without a resource does nothing', async () => {
  fixture.resource = undefined;
  expect(await fixture.pass()).toEqual({ steps: [], requeueAfterMs: undefined });
});

test('a new leader keeps the stored status for 15 s while agents of the former leader have not reconnected', async () => {
  await fixture.pass();
  const stored = { observedGeneration: 1, conditions: [], nodes: { desired: 1, ready: 1, unsupported: [] } };
  const next = new Fixture();
  next.resource = { metadata: { name: 'default', uid: '1d0a', generation: 1, finalizers: [finalizer] }, spec: {}, status: stored };
  const first = await next.pass();
  expect([first.steps.filter((step) => step.startsWith('write')), first.requeueAfterMs]).toEqual([[], 500]);
  next.nowMs += 15_000;
  expect((await next.pass()).steps).toEqual(['plan the rollout', 'replace agents', 'write the status NodesNotReady']);
});
