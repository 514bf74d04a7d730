import { parse } from 'yaml';
import type { SidecarAcceleration } from '../api';
import { FakeApi, refusal } from './api.testing';
import { exitCode } from './exit';
import { recorded } from './recorded.testing';
import { accelctl } from './run.testing';

const path = 'GET /apis/acceleration.dev/v1alpha1/sidecaraccelerations/default';

function serving(...answers: (SidecarAcceleration | Error)[]): FakeApi {
  return new FakeApi().on(path, ...answers);
}

beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});

afterEach(() => jest.restoreAllMocks());

describe('accelctl status', () => {
  it('prints the table, with exit code 0, when the resource is ready', async () => {
    const { code, printed } = await accelctl(serving(recorded()), ['status']);
    expect(code).toBe(exitCode.success);
    expect(printed.join('')).toContain('136 of 138 ends accelerated');
  });

  it('gives exit code 3 when the resource is not ready', async () => {
    expect((await accelctl(serving(recorded({ status: null })), ['status'])).code).toBe(exitCode.notReady);
  });

  it.each([
    ['json', (text: string): unknown => JSON.parse(text)],
    ['yaml', (text: string): unknown => parse(text, { version: '1.1' })],
  ])('prints the resource as %s, without managedFields', async (format, read) => {
    const resource = recorded({ spec: { mode: 'Off' } });
    const stored = { ...resource, metadata: { ...resource.metadata, managedFields: [{ manager: 'accelctl', operation: 'Apply' }] } };
    const { printed } = await accelctl(serving(stored), ['status', '-o', format]);
    expect(read(printed.join(''))).toEqual(resource);
  });

  it('with --watch prints only changes, and its exit code is for the last state', async () => {
    const changed = recorded({ metadata: { resourceVersion: '4712', generation: 4 } });
    const { code, printed } = await accelctl(serving(recorded(), recorded(), changed), ['status', '--watch'], 2);
    expect(printed).toHaveLength(2);
    expect(code).toBe(exitCode.notReady);
  });
});

describe('accelctl status --watch', () => {
  const busy = refusal(503, { message: 'the API server is busy' });
  const away = refusal(0);

  it('survives 503 answers of the API server, and prints the error once', async () => {
    const changed = recorded({ metadata: { resourceVersion: '4712' } });
    const { code, printed, progress, complaints } = await accelctl(serving(recorded(), busy, busy, busy, changed), ['status', '--watch'], 8);
    expect([printed.length, complaints, code]).toEqual([2, [], exitCode.success]);
    expect(progress).toEqual([
      expect.stringMatching(/^reading sidecaraccelerations.*the API server is busy.*; trying again until the API server answers$/),
    ]);
  });

  it('waits longer after each failure in a row', async () => {
    const api = serving(recorded(), away);
    await accelctl(api, ['status', '--watch'], 31);
    expect(api.requests).toHaveLength(1 + [1, 2, 4, 8, 15].length + 1);
  });

  it.each([
    ['the first request fails', [busy, recorded()], 'the API server is busy'],
    ['the user loses the right', [recorded(), refusal(403)], 'this user may not get'],
    ['the CRD is deleted', [recorded(), refusal(404, '404 page not found')], 'the cluster does not know this resource type'],
  ])('gives exit code 1 when %s', async (_what, answers, words) => {
    const { code, complaints } = await accelctl(serving(...answers), ['status', '--watch'], 8);
    expect([code, complaints]).toEqual([exitCode.error, [expect.stringContaining(words)]]);
  });
});

describe('accelctl explain', () => {
  it('explains a listed namespace', async () => {
    const { code, printed } = await accelctl(serving(recorded()), ['explain', 'shop']);
    expect(code).toBe(exitCode.success);
    expect(printed.join('')).toContain('Namespace shop: Accelerated');
  });

  it('reads the labels of a namespace that is not listed', async () => {
    const api = serving(recorded()).on('GET /api/v1/namespaces/other', { metadata: { name: 'other' } });
    const { code, printed } = await accelctl(api, ['explain', 'other']);
    expect(code).toBe(exitCode.notReady);
    expect(printed.join('')).toContain('do not match spec.selector.namespaces');
  });
});

describe('accelctl', () => {
  it.each([
    ['an unknown command', ['start']],
    ['an unknown option', ['status', '--fast']],
    ['an unknown format', ['status', '-o', 'xml']],
    ['no namespace to explain', ['explain']],
    ['an invalid timeout', ['off', '--timeout', 'soon']],
    ['no command', []],
  ])('gives exit code 2 for %s', async (_what, words) => {
    expect((await accelctl(serving(recorded()), words)).code).toBe(exitCode.usage);
  });

  it.each([
    ['an unknown option', ['status', '--fa\u001b[2Jst\nok']],
    ['an unknown command', ['sta\u001b]0;x\u0007']],
    ['a value that is not allowed', ['status', '-o', '\u009b2J']],
    ['a value that does not parse', ['off', '--timeout', '1\r2']],
  ])('escapes control characters of the command line in the error about %s', async (_what, words) => {
    const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await accelctl(serving(recorded()), words);
    const text = written.mock.calls.map(([part]) => String(part)).join('');
    expect(text).toMatch(/^error: [ -~]+\n/);
  });

  it('keeps commander’s proposal readable', async () => {
    const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await accelctl(serving(recorded()), ['statu']);
    expect(written.mock.calls.map(([part]) => String(part)).join('')).toBe("error: unknown command 'statu' (Did you mean status?)\n");
  });

  it.each([['--help'], ['--version'], ['on', '--help']])('gives exit code 0 for %s', async (...words) => {
    expect((await accelctl(new FakeApi(), words)).code).toBe(exitCode.success);
  });

  it('prints an error in one line, with exit code 1', async () => {
    const { code, complaints } = await accelctl(serving(refusal(403, { reason: 'Forbidden' })), ['status']);
    expect(code).toBe(exitCode.error);
    expect(complaints).toEqual([expect.stringMatching(/^accelctl: reading sidecaraccelerations.*ask for the verb get/)]);
  });
});
