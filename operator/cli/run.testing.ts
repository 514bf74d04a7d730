// Runs accelctl's commands in this process: on a fake API server, with a clock that advances by a second with each poll.
import type { FakeApi } from './api.testing';
import { clusterOn } from './cluster';
import type { ExitCode } from './exit';
import { plain } from './paint';
import { runProgram } from './program';
import { linesTo } from './progress';
import { recordedNow } from './recorded.testing';

export interface Ran {
  readonly code: ExitCode;
  /** What the command wrote to standard output, one entry for each `print`. */
  readonly printed: readonly string[];
  readonly progress: readonly string[];
  readonly complaints: readonly string[];
}

/**
 * @param polls number of waits for the next poll before the user interrupts the command
 * @param drawn makes standard output a terminal, and receives what the command draws
 */
export async function accelctl(api: FakeApi, words: readonly string[], polls = Number.POSITIVE_INFINITY, drawn?: string[]): Promise<Ran> {
  const [printed, progress, complaints]: [string[], string[], string[]] = [[], [], []];
  let waited = 0;
  const world = {
    cluster: () => clusterOn(api.client, 'https://test', api.readText),
    print: (text: string) => void printed.push(text),
    draw: drawn === undefined ? undefined : (text: string) => void drawn.push(text),
    paint: plain,
    progress: linesTo((line) => void progress.push(line)),
    now: () => new Date(recordedNow.getTime() + waited * 1000),
    // On a terminal the command ends with the last poll; elsewhere the user interrupts it at once.
    ended: () => (drawn === undefined ? Promise.resolve() : new Promise<void>(() => undefined)),
    nextPoll: () => Promise.resolve(waited++ < polls),
  };
  const code = await runProgram({ name: 'accelctl', version: '1.2.3' }, words, world, (line) => void complaints.push(line));
  return { code, printed, progress, complaints };
}
