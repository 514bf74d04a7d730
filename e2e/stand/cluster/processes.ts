// Processes that outlive the process that starts them. They are identified by id and start time, because the kernel reuses ids.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { waitFor } from '../support/waitFor';

/** A process id and the start time (clock ticks since boot), together unique on this machine. */
export const processSchema = z.object({ pid: z.number().int().positive(), startTicks: z.string() });
export type ProcessIdentity = z.infer<typeof processSchema>;

/** @throws when there is no such process */
export function identify(pid: number): ProcessIdentity {
  const startTicks = startTicksOf(pid);
  if (startTicks === undefined) throw new Error(`identifying process ${pid}: it does not exist`);
  return { pid, startTicks };
}

/** True while exactly this process runs; false for a zombie, which holds no resources. */
export function isRunning(process: ProcessIdentity): boolean {
  return startTicksOf(process.pid) === process.startTicks;
}

/** Ends a process and waits until it is gone; does nothing when it has ended already. */
export async function end(target: ProcessIdentity): Promise<void> {
  if (!isRunning(target)) return;
  process.kill(target.pid, 'SIGKILL');
  await waitFor(`process ${target.pid} to end`, () => !isRunning(target), { everyMs: 50 });
}

/** A process that has printed its first line. */
export interface ReadyProcess {
  readonly pid: number;
  readonly firstLine: string;
}

/**
 * Starts a process that stays when this one ends, and waits for its first line of output. Later output is dropped.
 * @param logFile receives its error output
 * @throws with the last lines of the log when the process ends before it prints a line
 */
export async function startDetached(command: string, args: readonly string[], logFile: string): Promise<ReadyProcess> {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', log] });
  closeSync(log);
  const { stdout, pid } = child;
  const output = stdout === null ? [] : await Promise.race([once(stdout, 'data'), once(child, 'exit').then(() => [])]);
  const [said] = output as [Buffer?];
  if (said === undefined || pid === undefined) {
    throw new Error(`starting ${command}: ${readFileSync(logFile, 'utf8').trim().split('\n').slice(-2).join(' | ')}`);
  }
  stdout?.destroy();
  child.unref();
  return { pid, firstLine: said.toString().trim() };
}

/** Field 22 of /proc/PID/stat. Fields are counted from the end of the program's name, which may contain spaces and parentheses. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
