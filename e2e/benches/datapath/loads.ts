// A load: a client and a server, or one process alone, each in a pod and a cgroup. It works for a slice of time when asked to.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { stop, type TestPod } from '../../../ebpf/tests/pods';
import type { Values } from './experiment';

/**
 * Client and server of every load run on one CPU: so the time of a run is the processor time that moving the bytes costs.
 * Across CPUs the benchmark would mostly measure a virtual machine's wake-up interrupt (50 to 60 µs, against 10 µs for all the rest).
 */
const cpu = String(cpus().length - 1);

/** Where a process runs. */
export interface End {
  readonly pod: TestPod;
  /** Directory of its cgroup. */
  readonly cgroup: string;
}

/** Where the two processes of a load run, and their arguments. */
export interface Load {
  readonly client: End;
  readonly server: End;
  /** In the form that e2e/stand/pods/load/common.h describes. */
  readonly address: string;
  readonly serve: readonly (string | number)[];
  /** The name of the client's program; `words` are its arguments after the address. */
  readonly program: 'turns' | 'brief' | 'stream' | 'stall';
  readonly words: readonly (string | number)[];
}

type Process = ChildProcessByStdio<Writable, Readable, null>;

/** What a load program prints after a slice: numbers by name. */
const printed = z.record(z.string(), z.number());

/** A process of the load program, and the lines that it prints. */
class Worker {
  private readonly process: Process;
  private readonly lines: AsyncIterator<string>;

  constructor(
    loadProgram: string,
    { pod, cgroup }: End,
    private readonly words: readonly (string | number)[],
  ) {
    const move = 'echo $$ > "$0/cgroup.procs"; export CPU_STAT="$0/cpu.stat"; exec "$@"';
    const command = [`--net=/run/netns/${pod.name}`, 'sh', '-c', move, cgroup, 'taskset', '-c', cpu, loadProgram, ...words.map(String)];
    // In a process group of its own, so that Control-C reaches only the benchmark, which then ends its processes in order.
    this.process = spawn('nsenter', command, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    this.process.stdin.on('error', () => undefined); // the process has ended; line() reports that
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const next = await this.lines.next();
    if (next.done === true) throw new Error(`running the load ${this.words.join(' ')}: it has ended; its error output is above`);
    return next.value;
  }

  say(line: string): void {
    this.process.stdin.write(`${line}\n`);
  }

  stop(): Promise<void> {
    return stop(this.process);
  }
}

/** A load that is ready: its connections are open. */
export class RunningLoad {
  private constructor(
    private readonly asking: Worker,
    private readonly serving?: Worker,
  ) {}

  /**
   * Starts a program that has no server.
   * @throws when it does not start; its process is ended then
   */
  static async alone(loadProgram: string, where: End, program: 'calls'): Promise<RunningLoad> {
    const worker = new Worker(loadProgram, where, [program]);
    try {
      await worker.line();
      return new RunningLoad(worker);
    } catch (error) {
      await worker.stop();
      throw error;
    }
  }

  /** Starts the server and then the client. @throws when one of them does not start; both are ended then */
  static async start(loadProgram: string, { client, server, address, serve, program, words }: Load): Promise<RunningLoad> {
    const serving = new Worker(loadProgram, server, ['serve', address, ...serve]);
    const workers = [serving];
    try {
      await serving.line();
      const asking = new Worker(loadProgram, client, [program, address, ...words]);
      workers.push(asking);
      await asking.line();
      return new RunningLoad(asking, serving);
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.stop()));
      throw error;
    }
  }

  /** Lets the load work for this many seconds; returns what the client printed. */
  async slice(seconds: number): Promise<Values> {
    this.asking.say(String(seconds));
    return printed.parse(JSON.parse(await this.asking.line()));
  }

  async stop(): Promise<void> {
    await Promise.all([this.asking.stop(), this.serving?.stop()]);
  }
}
