// Which network namespace a process of the host lives in.
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Gives the inode number of the namespace, or undefined when there is no such process, or it may not be looked at: preflight says that. */
export type NetnsOf = (pid: number) => number | undefined;

/** @param proc where the host's process file system is; the agent runs in the host's PID namespace */
export function netnsReader(proc = '/proc'): NetnsOf {
  return (pid) => {
    const file = join(proc, String(pid), 'ns', 'net');
    try {
      return statSync(file, { throwIfNoEntry: false })?.ino;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
      throw new Error(`read the network namespace of a process: ${(error as Error).message}`, { cause: error });
    }
  };
}
