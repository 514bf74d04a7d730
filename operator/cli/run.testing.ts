// Runs accelctl's commands in this process: on a fake API server, with a clock that moves a second at every look.
import type { FakeApi } from './api.testing';
import { clusterOn } from './cluster';
import type { ExitCode } from './exit';
import { plain } from './paint';
import { runProgram } from './program';
import { linesTo } from './progress';
import { recordedNow } from './recorded.testing';

export interface Ran {
  readonly code: ExitCode;
  /** What was printed to standard output, one entry a print. */
  readonly printed: readonly string[];
  readonly progress: readonly string[];
  readonly complaints: readonly string[];
}

/**
 * @param looks how often the user waits for another look before having had enough
 * @param drawn where standard output is a terminal: receives what is drawn on it
 */
export async function accelctl(api: FakeApi, words: readonly string[], looks = Number.POSITIVE_INFINITY, drawn?: string[]): Promise<Ran> {
  const [printed, progress, complaints]: [string[], string[], string[]] = [[], [], []];
  let waited = 0;
  const world = {
    cluster: () => clusterOn(api.client, 'https://test', api.readText),
    print: (text: string) => void printed.push(text),
    draw: drawn === undefined ? undefined : (text: string) => void drawn.push(text),
    paint: plain,
    progress: linesTo((line) => void progress.push(line)),
    now: () => new Date(recordedNow.getTime() + waited * 1000),
    // Who looks at a terminal has enough when he has looked as often as he wanted.
    ended: () => (drawn === undefined ? Promise.resolve() : new Promise<void>(() => undefined)),
    nextLook: () => Promise.resolve(waited++ < looks),
  };
  const code = await runProgram({ name: 'accelctl', version: '1.2.3' }, words, world, (line) => void complaints.push(line));
  return { code, printed, progress, complaints };
}
