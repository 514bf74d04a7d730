// What a run leaves on disk so that another process can find it and end it.
import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheDirectory } from '../../../release/tools/paths';
import { processSchema } from './processes';

const stateSchema = z.object({
  runId: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  /** Machines in the order of their start; the first is the control machine. */
  machines: z.array(z.object({ name: z.string(), first: processSchema })),
  forwarder: processSchema.optional(),
  cgroups: z.array(z.string()),
});

/** Everything a run holds outside its directory. Written before or right after each thing is made. */
export type RunState = z.infer<typeof stateSchema>;

const runs = join(cacheDirectory, 'runs');
const stateName = 'state.json';

/** The directory of a run: all its files, removed with it. */
export function runDirectory(runId: string): string {
  return join(runs, runId);
}

/** The ids of the runs that are up, or were not taken down. */
export function knownRuns(): string[] {
  return existsSync(runs) ? readdirSync(runs).filter((each) => existsSync(stateFile(each))) : [];
}

/** @throws when there is no such run, or its state is not readable */
export async function readState(runId: string): Promise<RunState> {
  if (!existsSync(stateFile(runId))) throw new Error(`reading the state of run ${runId}: no such run; known: ${knownRuns().join(' ') || 'none'}`);
  return stateSchema.parse(JSON.parse(await readFile(stateFile(runId), 'utf8')));
}

/** Replaces the state in one step, so that a reader never sees half of it. */
export async function writeState(state: RunState): Promise<void> {
  const draft = `${stateFile(state.runId)}.draft`;
  await writeFile(draft, JSON.stringify(state, null, 2));
  await rename(draft, stateFile(state.runId));
}

/** Removes a run's files, the state last: a removal that is interrupted can be repeated. */
export async function removeFiles(runId: string): Promise<void> {
  const directory = runDirectory(runId);
  const others = (await readdir(directory).catch(() => [])).filter((name) => name !== stateName).map((name) => join(directory, name));
  for (const each of [...others, directory]) await rm(each, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

function stateFile(runId: string): string {
  return join(runDirectory(runId), stateName);
}
