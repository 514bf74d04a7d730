// Compiles the traffic program, and reads the lines of its processes in test pods.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { run } from '../../../release/tools/command';
import { buildDirectory } from '../../../release/tools/paths';
import { lineSchema, nothing, type Stall, type Tally } from './tally';

const source = join(__dirname, 'traffic', 'traffic.c');

/** Compiles the traffic program for this machine and returns its path. */
export async function compileTraffic(): Promise<string> {
  const directory = join(buildDirectory, 'soak');
  mkdirSync(directory, { recursive: true });
  const program = join(directory, 'traffic');
  const unfinished = `${program}-${process.pid}`;
  await run('clang', ['-O2', '-march=native', '-Wall', '-Wextra', '-Werror', '-o', unfinished, source]);
  renameSync(unfinished, program); // a process that runs the former program keeps it
  return program;
}

/** A server process, or a client process with many connections. */
export class Traffic {
  tally: Tally = nothing;
  /** What went wrong first, in words. */
  readonly troubles: string[] = [];
  /** Called for each connection end on which nothing moves, while it is still open. */
  onStall: (stall: Stall) => void = () => undefined;
  private readonly ended: Promise<void>;
  private readonly spoke: Promise<void>;

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    if (child.stdout === null) throw new Error(`start ${name}: the process has no standard output`);
    const lines = createInterface({ input: child.stdout });
    this.spoke = new Promise((resolve) => lines.once('line', () => resolve()));
    lines.on('line', (line) => this.read(line));
    this.ended = new Promise((resolve) => lines.once('close', resolve));
  }

  /** Resolves when the server listens, or the client has begun to connect. */
  async started(): Promise<this> {
    const gone = this.ended.then(() => {
      throw new Error(`start ${this.name}: the process ended before it printed anything`);
    });
    await Promise.race([this.spoke, gone]);
    return this;
  }

  /** Opens or accepts no new connections; resolves when the last connection has ended. A connection that hangs is ended after a minute and a half. */
  async finish(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended;
  }

  /** Kills the process, as when a pod is removed; resolves when its last line has been read. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private read(line: string): void {
    const said = lineSchema.parse(JSON.parse(line));
    if ('trouble' in said) this.troubles.push(`${this.name}: ${said.trouble}`);
    else if ('stalledPort' in said) this.onStall(said);
    else this.tally = said;
  }
}
