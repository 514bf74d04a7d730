// Saves the result of the last bench of each cluster in a local file, for the console.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { errorLine } from '../../base';
import { Failure } from '../exit';
import { type BenchResult, benchResult } from './result';

/** The file of a cluster, in the state directory of https://specifications.freedesktop.org/basedir-spec. @param server address of the API server */
export function fileOf(server: string, environment: NodeJS.ProcessEnv = process.env): string {
  const state = environment['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  return join(state, 'accelctl', `bench-${createHash('sha256').update(server).digest('hex').slice(0, 16)}.json`);
}

/** @throws Failure when the file cannot be written */
export function saveResult(result: BenchResult, file = fileOf(result.server)): void {
  try {
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new Failure(`writing ${file}: ${errorLine(error)}; choose another file with --file`);
  }
}

/** Undefined when there is no result, or none that this version can read. */
export function lastBench(server: string): BenchResult | undefined {
  const file = fileOf(server);
  if (!existsSync(file)) return undefined;
  try {
    return benchResult.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
