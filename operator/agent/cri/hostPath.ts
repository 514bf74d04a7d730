// Resolves paths of the host for a process with another root directory.
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Most symbolic links in one path, as in Linux (include/linux/namei.h, MAXSYMLINKS). */
const mostLinks = 40;

/**
 * The path by which this process reaches a path of the host. The kernel would follow an absolute link of the host (/var/run -> /run) from
 * this process's root, so links are followed here, inside the host's root. A name that is missing or may not be read counts as no link.
 * @param hostRoot the host's root directory, as a path of this process
 * @throws Error when the path has more than 40 links
 */
export function insideHost(hostRoot: string, path: string): string {
  const todo = path.split('/').reverse();
  const done: string[] = [];
  let links = 0;
  while (todo.length > 0) {
    const name = todo.pop();
    if (name === undefined || name === '' || name === '.') continue;
    if (name === '..') {
      done.pop();
      continue;
    }
    const target = targetOf(join(hostRoot, ...done, name));
    if (target === undefined) {
      done.push(name);
      continue;
    }
    links += 1;
    if (links > mostLinks) throw new Error(`resolve ${path} of the host: more than ${mostLinks} symbolic links`);
    if (target.startsWith('/')) done.length = 0;
    for (const part of target.split('/').reverse()) todo.push(part);
  }
  return join(hostRoot, ...done);
}

function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
