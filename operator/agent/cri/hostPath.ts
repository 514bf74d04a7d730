// Paths of the host, as a process sees them that has another root directory.
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** As many as Linux follows in one path (include/linux/namei.h, MAXSYMLINKS). */
const mostLinks = 40;

/**
 * Where this process finds a path of the host. The kernel would follow an absolute link of the host (/var/run -> /run) from this
 * process's own root, so each link is followed here, inside the host's. What is not there, or may not be looked at, is taken for no link.
 * @param hostRoot the root directory of the host, as this process sees it
 * @throws Error when there are more than 40 links
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
    if (links > mostLinks) throw new Error(`${path} of the host leads over more than ${mostLinks} links`);
    if (target.startsWith('/')) done.length = 0;
    todo.push(...target.split('/').reverse());
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
