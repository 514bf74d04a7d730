// The state file of a run, by which another process can find the run and take it down.
import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheDirectory } from '../../../release/tools/paths';
import { processSchema } from './processes';

const stateSchema = z.object({
  runId: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  /** The machines in the order of their start; the first is the control machine. */
  machines: z.array(z.object({ name: z.string(), first: processSchema })),
  forwarder: processSchema.optional(),
  cgroups: z.array(z.string()),
});

/** Everything that a run holds outside its directory. The file is written just before or after each of these is made. */
export type RunState = z.infer<typeof stateSchema>;

const runs = join(cacheDirectory, 'runs');
const stateName = 'state.json';

/** The directory of all files of a run. */
export function runDirectory(runId: string): string {
  return join(runs, runId);
}

/** The ids of all runs that were not taken down. */
export function knownRuns(): string[] {
  return existsSync(runs) ? readdirSync(runs).filter((each) => existsSync(stateFile(each))) : [];
}

/** Reads the state of a run. @throws when there is no such run or its state cannot be read */
export async function readState(runId: string): Promise<RunState> {
  if (!existsSync(stateFile(runId))) throw new Error(`reading the state of run ${runId}: no such run; known: ${knownRuns().join(' ') || 'none'}`);
  return stateSchema.parse(JSON.parse(await readFile(stateFile(runId), 'utf8')));
}

/** Replaces the state file atomically, so that a reader never sees a part of it. */
export async function writeState(state: RunState): Promise<void> {
  const draft = `${stateFile(state.runId)}.draft`;
  await writeFile(draft, JSON.stringify(state, null, 2));
  await rename(draft, stateFile(state.runId));
}

/** Removes the files of a run, the state file last, so that an interrupted removal can be repeated. */
export async function removeFiles(runId: string): Promise<void> {
  const directory = runDirectory(runId);
  const others = (await readdir(directory).catch(() => [])).filter((name) => name !== stateName).map((name) => join(directory, name));
  for (const each of [...others, directory]) await rm(each, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

function stateFile(runId: string): string {
  return join(runDirectory(runId), stateName);
}
