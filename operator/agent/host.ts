// Everything that the agent reads of its host, behind one interface that tests can replace.
import { accessSync, constants, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';

export interface Host {
  /** The kernel's release, as `uname -r` prints it. */
  kernel(): string;
  /** Content of a file; undefined when it cannot be read. */
  read(path: string): string | undefined;
  readable(path: string): boolean;
  isDirectory(path: string): boolean;
  /** Names in a directory; empty when it cannot be read. */
  list(path: string): string[];
  /** Magic number of the file system of the path, or of its nearest existing parent. */
  fileSystem(path: string): number;
}

/** From include/uapi/linux/magic.h. */
export const cgroup2Magic = 0x63677270;
export const bpffsMagic = 0xcafe4a11;

export const realHost: Host = {
  kernel: release,
  read: (path) => orElse(() => readFileSync(path, 'utf8'), undefined),
  readable: (path) =>
    orElse(() => {
      accessSync(path, constants.R_OK);
      return true;
    }, false),
  isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  list: (path) => orElse(() => readdirSync(path), []),
  fileSystem: (path) => {
    const missing = path !== '/' && statSync(path, { throwIfNoEntry: false }) === undefined;
    return missing ? realHost.fileSystem(dirname(path)) : statfsSync(path).type;
  },
};

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
