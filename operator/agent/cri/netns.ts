// Reads the network namespace of processes of the host.
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** The inode number of a process's network namespace; undefined when the process does not exist or may not be read, which preflight reports. */
export type NetnsOf = (pid: number) => number | undefined;

/** @param proc the host's process file system; the agent runs in the host's PID namespace */
export function netnsReader(proc = '/proc'): NetnsOf {
  return (pid) => {
    const file = join(proc, String(pid), 'ns', 'net');
    try {
      return statSync(file, { throwIfNoEntry: false })?.ino;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
      throw new Error(`read the network namespace of process ${pid}: ${(error as Error).message}`, { cause: error });
    }
  };
}
