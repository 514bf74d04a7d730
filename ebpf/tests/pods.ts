// Test pods without Kubernetes: network namespaces in one cgroup, connected by a bridge in a namespace of its own.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const cgroupRoots = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
}

export interface TestPod {
  readonly name: string;
  readonly address: string;
  readonly address6: string;
  readonly netns: number;
}

/** A node of test pods. Everything that it makes has `run` in its name, and is removed by remove(). */
export class TestNode {
  /** The cgroup of all pods, as `kubepods` is on a node. */
  readonly cgroup: string;
  private readonly bridge: string;
  private readonly pods: TestPod[] = [];
  private readonly running = new Set<ChildProcess>();

  constructor(private readonly run: string) {
    const root = cgroupRoots.find((path) => existsSync(join(path, 'cgroup.procs')) && existsSync(join(path, 'cgroup.controllers')));
    if (root === undefined) throw new Error('make test cgroup: no cgroup v2 hierarchy is mounted');
    this.cgroup = join(root, `sca-${run}`);
    mkdirSync(this.cgroup);
    this.bridge = `sca-${run}-br`;
    ip('netns', 'add', this.bridge);
    ip('-n', this.bridge, 'link', 'add', 'pods', 'type', 'bridge');
    ip('-n', this.bridge, 'link', 'set', 'pods', 'up');
  }

  addPod(): TestPod {
    const n = this.pods.length + 1;
    const name = `sca-${this.run}-${n}`;
    const pod = { name, address: `10.111.0.${n}`, address6: `fd11::${n}` };
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
    ip('-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `p${n}`, 'netns', this.bridge);
    ip('-n', this.bridge, 'link', 'set', `p${n}`, 'master', 'pods', 'up');
    ip('-n', name, 'addr', 'add', `${pod.address}/24`, 'dev', 'eth0');
    ip('-n', name, 'addr', 'add', `${pod.address6}/64`, 'dev', 'eth0', 'nodad');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    const made = { ...pod, netns: statSync(join('/run/netns', name)).ino };
    this.pods.push(made);
    return made;
  }

  /** Starts a command in the pod's network namespace and the node's cgroup. */
  start(pod: TestPod, command: string, ...args: string[]): ChildProcess {
    const enter = `echo $$ > ${this.cgroup}/cgroup.procs; exec "$0" "$@"`;
    const child = spawn('nsenter', [`--net=/run/netns/${pod.name}`, 'sh', '-c', enter, command, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.running.add(child);
    child.once('exit', () => this.running.delete(child));
    return child;
  }

  /** Runs a command in the pod's network namespace and waits for it. */
  exec(pod: TestPod, command: string, ...args: string[]): void {
    execFileSync('nsenter', [`--net=/run/netns/${pod.name}`, command, ...args]);
  }

  /** The number of ends of TCP connections that are ESTABLISHED in the pod (Documentation/networking/proc_net_tcp of Linux). */
  openEnds(pod: TestPod): number {
    const tables = execFileSync('nsenter', [`--net=/run/netns/${pod.name}`, 'cat', '/proc/net/tcp', '/proc/net/tcp6'], { encoding: 'utf8' });
    return tables.split('\n').filter((row) => row.trim().split(/\s+/)[3] === '01').length;
  }

  /** Sets an iptables rule in the pod's network namespace. */
  iptables(pod: TestPod, ...rule: string[]): void {
    this.exec(pod, 'iptables-legacy', ...rule);
  }

  async remove(): Promise<void> {
    await Promise.all([...this.running].map((child) => stop(child)));
    for (const { name } of this.pods) ip('netns', 'del', name);
    ip('netns', 'del', this.bridge);
    await emptied(this.cgroup);
    rmdirSync(this.cgroup);
  }
}

async function emptied(cgroup: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (readFileSync(join(cgroup, 'cgroup.procs'), 'utf8') !== '' && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ends a process that start() has started, and waits for it. */
export function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** The first line that a process prints. */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
    child.once('exit', (code) => reject(new Error(`the process ended with ${code} before it printed a line`)));
  });
}
