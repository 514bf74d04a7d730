// A "machine" of the cluster: network, mount and PID namespaces of its own on this machine's kernel.
//
// Its first process holds the namespaces. When the first process ends, the kernel ends every other process in them, containers
// included, and removes their mounts and interfaces. So nothing of a machine remains, however it was stopped.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run, type CommandOptions } from '../../../release/tools/command';
import { waitFor } from '../support/waitFor';
import { identify, startDetached, type ProcessIdentity } from './processes';

/** A running machine. */
export class Machine {
  constructor(
    readonly name: string,
    /** The first process, by its id outside the machine's PID namespace. */
    readonly first: ProcessIdentity,
    private readonly directory: string,
  ) {}

  /** The command line that, run outside, runs a command inside the machine. */
  inside(command: string, ...args: string[]): [string, string[]] {
    return ['nsenter', ['-t', String(this.first.pid), '-m', '-n', '-p', '--', command, ...args]];
  }

  /** Runs a command inside to its end; see `run`. */
  run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return run(...this.inside(command, ...args), options);
  }

  /** Starts a process that stays until the machine stops or the process ends. Its output goes to its log. */
  start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const log = openSync(this.log(command), 'a');
    const [program, programArgs] = this.inside(command, ...args);
    const child = spawn(program, programArgs, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
    });
    child.unref();
    closeSync(log);
  }

  /** The file with the output of a program started here. */
  log(command: string): string {
    return join(this.directory, 'log', `${command.slice(command.lastIndexOf('/') + 1)}.log`);
  }
}

/**
 * Starts a machine.
 * @param directory holds what a real machine has of its own on disk: /var/lib and /var/log
 */
export async function startMachine(name: string, directory: string): Promise<Machine> {
  for (const each of ['var-lib', 'var-log', 'log']) await mkdir(join(directory, each), { recursive: true });
  const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const log = join(directory, 'log', 'machine.log');
  const holder = await startDetached('unshare', [...namespaces, 'sh', '-ec', firstProcess(directory)], log);
  return new Machine(name, identify(await onlyChild(holder.pid)), directory);
}

/**
 * The shell script that the first process runs. Its mounts no longer propagate to this machine, and are shared within the new one, as
 * on a host, so that they propagate into pods that ask for it. /run and the BPF file system are new: so every node has the socket of
 * its container runtime and its pins at the usual paths. `wait` reaps orphans, whose parent is process 1.
 */
function firstProcess(directory: string): string {
  return `
    mount -t tmpfs run /run
    mount --bind ${directory}/var-lib /var/lib
    mount --bind ${directory}/var-log /var/log
    mount -t bpf bpf /sys/fs/bpf
    mount --make-rshared /
    ip link set lo up
    sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    echo ready
    while :; do sleep 86400 & wait $!; done`;
}

/** `unshare` forks: its child is the first process of the new namespace. */
async function onlyChild(pid: number): Promise<number> {
  return waitFor(`the first process of namespace holder ${pid}`, () => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  });
}
