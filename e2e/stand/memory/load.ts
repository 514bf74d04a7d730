// Runs the benchmark's load program in a test pod. It waits for each slice of time that it is to measure (e2e/stand/pods/load/common.h).
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { stop, type TestNode, type TestPod } from '../../../ebpf/tests/pods';
import { provideLoadProgram } from '../pods/loadProgram';

const printed = z.record(z.string(), z.number());

export class Load {
  private readonly lines: AsyncIterableIterator<string>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly what: string,
  ) {
    if (child.stdout === null) throw new Error(`start ${what}: the process has no standard output`);
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Resolves when the program listens, or has connected. */
  static async start(node: TestNode, pod: TestPod, ...words: readonly (string | number)[]): Promise<Load> {
    const program = await provideLoadProgram();
    const enter = `echo $$ > ${node.cgroup}/cgroup.procs; export CPU_STAT=${node.cgroup}/cpu.stat; exec "$0" "$@"`;
    const child = spawn('nsenter', [`--net=/run/netns/${pod.name}`, 'sh', '-c', enter, program, ...words.map(String)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const load = new Load(child, words.join(' '));
    if ((await load.line()) !== 'ready') throw new Error(`start ${load.what}: the program did not print "ready"`);
    return load;
  }

  /** Lets the program run for so many seconds, and returns what it measured. */
  async slice(seconds: number): Promise<Record<string, number>> {
    this.child.stdin?.write(`${seconds}\n`);
    return printed.parse(JSON.parse(await this.line()));
  }

  stop(): Promise<void> {
    return stop(this.child);
  }

  private async line(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error(`run ${this.what}: the program ended without an answer`);
    return value as string;
  }
}
