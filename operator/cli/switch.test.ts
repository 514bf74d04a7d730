import { FakeApi, refusal } from './api.testing';
import { exitCode } from './exit';
import { recorded } from './recorded.testing';
import { accelctl } from './run.testing';

const path = '/apis/acceleration.dev/v1alpha1/sidecaraccelerations/default';
const time = '2026-03-01T11:00:00Z';

/** The resource after a change of its spec. @param progressing `unseen`: the controller has not reconciled the change; otherwise the status of Progressing */
function changed(progressing: 'unseen' | 'True' | 'False', ready: 'True' | 'False' = 'True') {
  const observedGeneration = progressing === 'unseen' ? 3 : 4;
  const conditions = [
    { type: 'Ready' as const, status: ready, reason: 'Tested', message: '2 of 3 nodes ready', observedGeneration, lastTransitionTime: time },
    {
      type: 'Progressing' as const,
      status: progressing === 'True' ? ('True' as const) : ('False' as const),
      reason: 'Tested',
      message: 'one node to go',
      observedGeneration,
      lastTransitionTime: time,
    },
  ];
  return recorded({ metadata: { generation: 4 }, status: { conditions, nodes: { desired: 3, ready: 2, unsupported: [] } } });
}

const missing = refusal(404, { reason: 'NotFound', message: 'not found' });

beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

describe('accelctl off', () => {
  it('patches the mode, shows the progress of the nodes, and returns when all of them have applied it', async () => {
    const api = new FakeApi().on(`PATCH ${path}`, changed('unseen')).on(`GET ${path}`, changed('unseen'), changed('True'), changed('False'));
    const { code, printed, progress } = await accelctl(api, ['off']);
    expect(api.requests[0]).toEqual({ method: 'PATCH', path, query: { fieldManager: 'accelctl' }, body: { spec: { mode: 'Off' } } });
    expect(progress).toEqual(['waiting for the controller', '2/3 one node to go']);
    expect(printed).toEqual(['Accelerate is in force: 2 of 3 nodes ready']);
    expect(code).toBe(exitCode.success);
  });

  it('gives exit code 3 when the change is settled but not in force on every node', async () => {
    const api = new FakeApi().on(`PATCH ${path}`, changed('unseen')).on(`GET ${path}`, changed('False', 'False'));
    const { code, printed } = await accelctl(api, ['off']);
    expect(printed).toEqual(['Off is not in force everywhere: 2 of 3 nodes ready']);
    expect(code).toBe(exitCode.notReady);
  });

  it('gives exit code 3 after the timeout, and names what it waited for', async () => {
    const api = new FakeApi().on(`PATCH ${path}`, changed('unseen')).on(`GET ${path}`, changed('True'));
    const { code, complaints } = await accelctl(api, ['off', '--timeout', '5s']);
    expect(complaints).toEqual([
      'accelctl: waited 5 s: one node to go; the change goes on in the cluster: see accelctl status, and accelctl doctor if nothing changes',
    ]);
    expect(code).toBe(exitCode.notReady);
  });

  it('does not wait with --no-wait', async () => {
    const api = new FakeApi().on(`PATCH ${path}`, changed('unseen'));
    expect((await accelctl(api, ['off', '--no-wait'])).code).toBe(exitCode.success);
    expect(api.requests).toHaveLength(1);
  });

  it('gives exit code 1 when there is no resource', async () => {
    const { code, complaints } = await accelctl(new FakeApi().on(`PATCH ${path}`, missing), ['off']);
    expect(complaints[0]).toContain('switching sidecaraccelerations.acceleration.dev/default: there is no such resource');
    expect(code).toBe(exitCode.error);
  });
});

describe('accelctl on', () => {
  it.each([
    ['Accelerate', ['on']],
    ['Observe', ['on', '--observe']],
  ])('sets the mode %s of the existing resource', async (mode, words) => {
    const api = new FakeApi().on(`GET ${path}`, changed('False')).on(`PATCH ${path}`, changed('unseen'));
    expect((await accelctl(api, words)).code).toBe(exitCode.success);
    expect(api.requests.find(({ method }) => method === 'PATCH')?.body).toEqual({ spec: { mode } });
  });

  it.each([
    ['the given labels', ['--select', 'mesh=on,tier=web'], { matchLabels: { mesh: 'on', tier: 'web' } }],
    ['every namespace', ['--all'], {}],
  ])('creates the resource with the selector for %s when there is none', async (_what, words, namespaces) => {
    const api = new FakeApi().on(`GET ${path}`, missing, changed('False')).on(`PATCH ${path}`, changed('unseen'));
    expect((await accelctl(api, ['on', ...words])).code).toBe(exitCode.success);
    const applied = api.requests.find(({ method }) => method === 'PATCH');
    expect(applied?.query).toEqual({ fieldManager: 'accelctl', force: 'true', fieldValidation: 'Strict' });
    expect(applied?.body).toMatchObject({ metadata: { name: 'default' }, spec: { mode: 'Accelerate', selector: { namespaces } } });
  });

  it('applies the spec of --spec', async () => {
    const api = new FakeApi().on(`GET ${path}`, changed('False')).on(`PATCH ${path}`, changed('unseen'));
    await accelctl(api, ['on', '--spec', '{mode: "Off", paths: [PodLocal]}']);
    expect(api.requests[0]?.body).toMatchObject({ spec: { mode: 'Off', paths: ['PodLocal'] } });
  });

  it.each([
    ['no selector for a new resource', missing, ['on'], 'choose them with --select KEY=VALUE, or --all'],
    ['a selector for an existing resource', changed('False'), ['on', '--all'], 'kubectl edit sca default'],
    ['an invalid label', missing, ['on', '--select', 'mesh'], 'mesh is not KEY=VALUE'],
    ['a spec that is no YAML', missing, ['on', '--spec', '[a'], 'reading --spec: '],
    ['a spec that is no map', missing, ['on', '--spec', 'Off'], 'reading --spec: the value is not a map'],
  ])('gives exit code 2 for %s', async (_what, answer, words, expected) => {
    const { code, complaints } = await accelctl(new FakeApi().on(`GET ${path}`, answer), words);
    expect(complaints.join('')).toContain(expected);
    expect(code).toBe(exitCode.usage);
  });
});

describe('accelctl drain', () => {
  it('deletes the resource and waits until it is gone', async () => {
    const api = new FakeApi().on(`GET ${path}`, changed('False'), changed('True'), missing).on(`DELETE ${path}`, {});
    const { code, printed, progress } = await accelctl(api, ['drain']);
    expect(progress).toEqual(['2/3 one node to go']);
    expect(printed).toEqual(['every node is clean, and the resource is gone']);
    expect(code).toBe(exitCode.success);
  });

  it('does nothing when there is no resource', async () => {
    const { code, printed } = await accelctl(new FakeApi(), ['drain']);
    expect([code, printed]).toEqual([exitCode.success, ['there is no resource, so no node has anything to drain']]);
  });

  it('does not wait for a resource that was created after the deletion', async () => {
    const api = new FakeApi().on(`GET ${path}`, changed('False'), recorded({ metadata: { uid: 'another' } })).on(`DELETE ${path}`, {});
    expect((await accelctl(api, ['drain'])).code).toBe(exitCode.success);
  });
});
