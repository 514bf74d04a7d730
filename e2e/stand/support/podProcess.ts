// Runs a program of this machine in a pod's network namespace and cgroup, so that its sockets count as the pod's.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first process of the sandbox with this cgroup. @throws when there is none */
function firstProcess(cgroup: string): { readonly pid: string; readonly directory: string } {
  const directories = [
    cgroup,
    ...readdirSync(cgroup, { withFileTypes: true })
      .filter((each) => each.isDirectory())
      .map(({ name }) => join(cgroup, name)),
  ];
  for (const directory of directories) {
    const [pid] = readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n');
    if (pid !== undefined && pid !== '') return { pid, directory };
  }
  throw new Error(`running in a pod: no process in ${cgroup}`);
}

/** Starts the program. Resolves when it has printed "ready". @param cgroup directory of the pod, cgroup v2 */
export async function runInPod(cgroup: string, command: readonly string[]): Promise<ChildProcess> {
  const { pid, directory } = firstProcess(cgroup);
  // The shell waits until it was moved into the cgroup, and then becomes the program: so all sockets are opened inside.
  const child = spawn('sh', ['-c', 'read go; exec "$@"', 'sh', 'nsenter', '-t', pid, '-n', '--', ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  writeFileSync(join(directory, 'cgroup.procs'), String(child.pid));
  child.stdin?.end('go\n');
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`running ${command.join(' ')} in a pod: it ended with ${String(code)}`);
  });
  await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, 'data'), ended]);
  ended.catch(() => undefined);
  return child;
}
