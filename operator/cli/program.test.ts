import { parse } from 'yaml';
import type { SidecarAcceleration } from '../api';
import { exitCode, Failure } from './exit';
import { runProgram } from './program';
import { recorded, recordedNow } from './recorded.testing';

/** Runs accelctl on the given answers of the cluster, one a look; a watch ends with the last. */
async function accelctl(words: string[], ...answers: (SidecarAcceleration | Error)[]) {
  const printed: string[] = [];
  const complaints: string[] = [];
  let looks = 0;
  const cluster = {
    resource: () => {
      const answer = answers[looks++];
      if (answer === undefined || answer instanceof Error) return Promise.reject(answer ?? new Error('asked once too often'));
      return Promise.resolve(answer);
    },
    namespaceLabels: () => Promise.resolve({}),
  };
  const world = {
    cluster: () => cluster,
    print: (text: string) => void printed.push(text),
    now: () => recordedNow,
    nextLook: () => Promise.resolve(looks < answers.length),
  };
  const code = await runProgram(words, world, (line) => void complaints.push(line));
  return { code, printed, complaints };
}

beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});

afterEach(() => jest.restoreAllMocks());

describe('accelctl status', () => {
  it('prints the table and ends with 0 when the resource is ready', async () => {
    const { code, printed } = await accelctl(['status'], recorded());
    expect(code).toBe(exitCode.fine);
    expect(printed.join('')).toContain('136 of 138 ends accelerated');
  });

  it('ends with 3 when the resource is not ready', async () => {
    expect((await accelctl(['status'], recorded({ status: null }))).code).toBe(exitCode.notReady);
  });

  it.each([
    ['json', (text: string): unknown => JSON.parse(text)],
    ['yaml', (text: string): unknown => parse(text, { version: '1.1' })],
  ])('prints the resource whole as %s', async (format, read) => {
    const { printed } = await accelctl(['status', '-o', format], recorded({ spec: { mode: 'Off' } }));
    expect(read(printed.join(''))).toEqual(recorded({ spec: { mode: 'Off' } }));
  });

  it('prints again only what has changed while it watches, and ends as the last look says', async () => {
    const changed = recorded({ metadata: { resourceVersion: '4712', generation: 4 } });
    const { code, printed } = await accelctl(['status', '--watch'], recorded(), recorded(), changed);
    expect(printed).toHaveLength(2);
    expect(code).toBe(exitCode.notReady);
  });
});

describe('accelctl explain', () => {
  it('explains a listed namespace', async () => {
    const { code, printed } = await accelctl(['explain', 'shop'], recorded());
    expect(code).toBe(exitCode.fine);
    expect(printed.join('')).toContain('Namespace shop: Accelerated');
  });

  it('reads the labels of one that is not listed', async () => {
    const { code, printed } = await accelctl(['explain', 'other'], recorded());
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
    ['no command', []],
  ])('ends with 2 for %s', async (_what, words) => {
    expect((await accelctl(words, recorded())).code).toBe(exitCode.usage);
  });

  it('ends with 0 after its help', async () => {
    expect((await accelctl(['--help'])).code).toBe(exitCode.fine);
  });

  it('says in one line what went wrong, and ends with 1', async () => {
    const { code, complaints } = await accelctl(['status'], new Failure('reading x: y; do z'));
    expect(code).toBe(exitCode.error);
    expect(complaints).toEqual(['accelctl: reading x: y; do z']);
  });
});
