// Which network namespace a process of the host lives in.
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Gives the inode number of the namespace, or undefined when there is no such process. */
export type NetnsOf = (pid: number) => number | undefined;

/** @param proc where the host's process file system is; the agent runs in the host's PID namespace */
export function netnsReader(proc = '/proc'): NetnsOf {
  return (pid) => statSync(join(proc, String(pid), 'ns', 'net'), { throwIfNoEntry: false })?.ino;
}
