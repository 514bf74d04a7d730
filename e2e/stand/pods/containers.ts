// Runs other people's programs in containers of two test pods, without Envoy and Kubernetes.
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fixture } from '../../../ebpf/tests/fixture';
import type { TestPod } from '../../../ebpf/tests/pods';
import { waitFor } from '../support/waitFor';
import { listens } from './sidecar';

/** Where a program runs: in the client's pod, or in one of two containers of the server's pod. */
export type Container = 'client' | 'server' | 'backend';
const containers: readonly Container[] = ['client', 'server', 'backend'];

/** The result of a program that has ended. */
export interface Finished {
  /** The exit code; 137 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** A program that did not end by itself. */
export class Hung extends Error {}

export class Containers {
  /** The directory for configuration, data and logs, from begin() to end(). */
  directory = '';
  private started = 0;
  private interrupted = false;

  /** @param hungAfterMs a program that runs for longer counts as hung */
  constructor(
    readonly fixture: Fixture,
    private readonly hungAfterMs: number,
  ) {
    for (const container of containers) mkdirSync(this.cgroup(container));
  }

  /** The address that clients connect to. */
  get address(): string {
    return this.fixture.server.address;
  }

  /** Makes an empty directory for the programs that are started next. */
  begin(): void {
    this.directory = mkdtempSync(join(tmpdir(), 'sca-programs-'));
  }

  /** Ends every program and removes the directory. */
  async end(): Promise<void> {
    for (const container of containers) await this.clear(container);
    if (this.directory !== '') rmSync(this.directory, { recursive: true, force: true });
    this.directory = '';
  }

  /** Ends every program and refuses to start another, so that a running test fails soon. */
  async interrupt(): Promise<void> {
    this.interrupted = true;
    for (const container of containers) await this.clear(container);
  }

  /** Writes a file to the directory and returns its path. */
  file(name: string, content: string | Uint8Array): string {
    const path = join(this.directory, name);
    writeFileSync(path, content);
    return path;
  }

  /** Starts a server. Resolves to its process when the server listens on all of `ports`. */
  async serve(container: Container, ports: readonly number[], command: string, ...args: readonly (string | number)[]): Promise<ChildProcess> {
    const log = join(this.directory, `${container}-${this.started++}.log`);
    const child = this.spawn(container, log, log, command, args);
    const pod = this.podOf(container);
    for (const port of ports) {
      await waitFor(
        `${command} to listen on ${port}`,
        async () => {
          if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${lastWords(readFileSync(log, 'utf8'))}`);
          return listens(pod, port);
        },
        { everyMs: 50, timeoutMs: 30_000 },
      );
    }
    return child;
  }

  /**
   * Runs a program to its end.
   * @throws Hung when the program does not end in time; it is killed then
   */
  async run(container: Container, command: string, ...args: readonly (string | number)[]): Promise<Finished> {
    const name = join(this.directory, `${container}-${this.started++}`);
    const startedMs = performance.now();
    const child = this.spawn(container, `${name}.out`, `${name}.err`, command, args);
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 137)));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), this.hungAfterMs)));
    const code = await Promise.race([ended, late]);
    clearTimeout(timer);
    const seconds = (performance.now() - startedMs) / 1000;
    if (code === undefined) {
      await this.clear(container);
      throw new Hung(`${command} ${args.join(' ').slice(0, 100)} did not end in ${this.hungAfterMs / 1000} s`);
    }
    return { code, seconds, stdout: readFileSync(`${name}.out`, 'utf8'), stderr: readFileSync(`${name}.err`, 'utf8') };
  }

  /**
   * Runs a program that must succeed; returns its standard output.
   * @throws Error with the last lines of its output
   */
  async must(container: Container, command: string, ...args: readonly (string | number)[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(container, command, ...args);
    if (code === 0) return stdout;
    throw new Error(`${command} ${args.join(' ').slice(0, 100)}: exit code ${code}: ${lastWords(stderr || stdout)}`);
  }

  /** Starts a program that reads commands from standard input and answers on standard output. */
  converse(container: Container, command: string, ...args: readonly (string | number)[]): ChildProcess {
    const enter = 'echo $$ > "$0/cgroup.procs"; exec "$@"';
    return this.fixture.node.start(this.podOf(container), 'sh', '-c', enter, this.cgroup(container), command, ...args.map(String));
  }

  /** Ends every program and removes the cgroups of the containers. */
  async remove(): Promise<void> {
    await this.end();
    // A program that has ended stays in its cgroup for a moment.
    for (const container of containers)
      await waitFor(`the cgroup of ${container} to be empty`, () => rmdirSync(this.cgroup(container)) === undefined, { everyMs: 20 });
  }

  cgroup(container: Container): string {
    return join(this.fixture.node.cgroup, container);
  }

  private podOf(container: Container): TestPod {
    return container === 'client' ? this.fixture.client : this.fixture.server;
  }

  private spawn(container: Container, out: string, err: string, command: string, args: readonly (string | number)[]) {
    if (this.interrupted) throw new Error(`start ${command}: interrupted`);
    const enter = 'echo $$ > "$0/cgroup.procs"; exec >"$1" 2>>"$2"; shift 2; exec "$@"';
    return this.fixture.node.start(this.podOf(container), 'sh', '-c', enter, this.cgroup(container), out, err, command, ...args.map(String));
  }

  /** Ends every process in a container, also the children of a server that was killed. */
  private async clear(container: Container): Promise<void> {
    const members = join(this.cgroup(container), 'cgroup.procs');
    await waitFor(
      `the programs of ${container} to end`,
      () => {
        if (!existsSync(members)) return true; // the cgroup is removed already
        const left = readFileSync(members, 'utf8').split('\n').filter(Boolean).map(Number);
        for (const pid of left) kill(pid);
        return left.length === 0;
      },
      { everyMs: 20 },
    );
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The last two lines of a program's output. */
export function lastWords(text: string): string {
  return text.trim().split('\n').slice(-2).join(' | ').slice(-300);
}
