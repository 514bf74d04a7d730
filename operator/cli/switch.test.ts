import { FakeApi, refusal } from './api.testing';
import { exitCode } from './exit';
import { recorded } from './recorded.testing';
import { accelctl } from './run.testing';

const path = '/apis/acceleration.dev/v1alpha1/sidecaraccelerations/default';
const time = '2026-03-01T11:00:00Z';

/** The resource after a change of its spec, looked at by the controller or not yet. */
function changed(progressing: 'unseen' | 'True' | 'False', ready: 'True' | 'False' = 'True') {
  const observedGeneration = progressing === 'unseen' ? 3 : 4;
  const conditions = [
    { type: 'Ready' as const, status: ready, reason: 'Tested', message: '2 of 3 nodes ready', observedGeneration, lastTransitionTime: time },
    { type: 'Progressing' as const, status: progressing === 'True' ? ('True' as const) : ('False' as const), reason: 'Tested', message: 'one node to go', observedGeneration, lastTransitionTime: time },
  ];
  return recorded({ metadata: { generation: 4 }, status: { conditions, nodes: { desired: 3, ready: 2, unsupported: [] } } });
}

const missing = refusal(404, { reason: 'NotFound', message: 'not found' });

beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

describe('accelctl off', () => {
  it('patches the mode, shows how far the nodes are, and ends when all of them follow', async () => {
    const api = new FakeApi().on(`PATCH ${path}`, changed('unseen')).on(`GET ${path}`, changed('unseen'), changed('True'), changed('False'));
    const { code, printed, progress } = await accelctl(api, ['off']);
    expect(api.asked[0]).toEqual({ method: 'PATCH', path, query: { fieldManager: 'accelctl' }, body: { spec: { mode: 'Off' } } });
    expect(progress).toEqual(['waiting for the controller', '2/3 one node to go']);
    expect(printed).toEqual(['Accelerate is in force: 2 of 3 nodes ready']);
    expect(code).toBe(exitCode.fine);
  });

  it('ends with 3 when it is settled and yet not in force everywhere', async () => {
    const api = new FakeApi().on(`PATCH ${path}`, changed('unseen')).on(`GET ${path}`, changed('False', 'False'));
    const { code, printed } = await accelctl(api, ['off']);
    expect(printed).toEqual(['Off is not in force everywhere: 2 of 3 nodes ready']);
    expect(code).toBe(exitCode.notReady);
  });

  it('ends with 3 when its time is over, and says what it was waiting for', async () => {
    const api = new FakeApi().on(`PATCH ${path}`, changed('unseen')).on(`GET ${path}`, changed('True'));
    const { code, complaints } = await accelctl(api, ['off', '--timeout', '5s']);
    expect(complaints).toEqual(['accelctl: waited 5 s: one node to go; it goes on by itself: see accelctl status, and accelctl doctor if it does not move']);
    expect(code).toBe(exitCode.notReady);
  });

  it('waits for nothing when told so', async () => {
    const api = new FakeApi().on(`PATCH ${path}`, changed('unseen'));
    expect((await accelctl(api, ['off', '--no-wait'])).code).toBe(exitCode.fine);
    expect(api.asked).toHaveLength(1);
  });

  it('says what is missing when there is no resource', async () => {
    const { code, complaints } = await accelctl(new FakeApi().on(`PATCH ${path}`, missing), ['off']);
    expect(complaints[0]).toContain('switching sidecaraccelerations.acceleration.dev/default: there is no such resource');
    expect(code).toBe(exitCode.error);
  });
});

describe('accelctl on', () => {
  it.each([
    ['Accelerate', ['on']],
    ['Observe', ['on', '--observe']],
  ])('sets the mode %s on the resource that is there', async (mode, words) => {
    const api = new FakeApi().on(`GET ${path}`, changed('False')).on(`PATCH ${path}`, changed('unseen'));
    expect((await accelctl(api, words)).code).toBe(exitCode.fine);
    expect(api.asked.find(({ method }) => method === 'PATCH')?.body).toEqual({ spec: { mode } });
  });

  it.each([
    ['the given labels', ['--select', 'mesh=on,tier=web'], { matchLabels: { mesh: 'on', tier: 'web' } }],
    ['everything', ['--all'], {}],
  ])('makes the resource with %s where there is none', async (_what, words, namespaces) => {
    const api = new FakeApi().on(`GET ${path}`, missing, changed('False')).on(`PATCH ${path}`, changed('unseen'));
    expect((await accelctl(api, ['on', ...words])).code).toBe(exitCode.fine);
    const applied = api.asked.find(({ method }) => method === 'PATCH');
    expect(applied?.query).toEqual({ fieldManager: 'accelctl', force: 'true', fieldValidation: 'Strict' });
    expect(applied?.body).toMatchObject({ metadata: { name: 'default' }, spec: { mode: 'Accelerate', selector: { namespaces } } });
  });

  it('applies a spec as a whole', async () => {
    const api = new FakeApi().on(`GET ${path}`, changed('False')).on(`PATCH ${path}`, changed('unseen'));
    await accelctl(api, ['on', '--spec', '{mode: "Off", paths: [PodLocal]}']);
    expect(api.asked[0]?.body).toMatchObject({ spec: { mode: 'Off', paths: ['PodLocal'] } });
  });

  it.each([
    ['which namespaces, the first time', missing, ['on'], 'say which with --select KEY=VALUE, or --all'],
    ['that the selector is there already', changed('False'), ['on', '--all'], 'kubectl edit sca default'],
    ['what a label is', missing, ['on', '--select', 'mesh'], 'mesh is not KEY=VALUE'],
    ['what a spec is', missing, ['on', '--spec', '[a'], 'reading --spec: '],
    ['that a spec is a map', missing, ['on', '--spec', 'Off'], 'reading --spec: it is not a map'],
  ])('says %s, and ends with 2', async (_what, answer, words, expected) => {
    const { code, complaints } = await accelctl(new FakeApi().on(`GET ${path}`, answer), words);
    expect(complaints.join('')).toContain(expected);
    expect(code).toBe(exitCode.usage);
  });
});

describe('accelctl drain', () => {
  it('deletes the resource and waits until it has gone', async () => {
    const api = new FakeApi().on(`GET ${path}`, changed('False'), changed('True'), missing).on(`DELETE ${path}`, {});
    const { code, printed, progress } = await accelctl(api, ['drain']);
    expect(progress).toEqual(['2/3 one node to go']);
    expect(printed).toEqual(['every node is clean, and the resource is gone']);
    expect(code).toBe(exitCode.fine);
  });

  it('has nothing to do where there is no resource', async () => {
    const { code, printed } = await accelctl(new FakeApi(), ['drain']);
    expect([code, printed]).toEqual([exitCode.fine, ['there is no resource, so nothing is to be drained']]);
  });

  it('does not wait for a resource that was made anew since', async () => {
    const api = new FakeApi().on(`GET ${path}`, changed('False'), recorded({ metadata: { uid: 'another' } })).on(`DELETE ${path}`, {});
    expect((await accelctl(api, ['drain'])).code).toBe(exitCode.fine);
  });
});
