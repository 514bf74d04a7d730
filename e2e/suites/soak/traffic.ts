// The traffic processes: compiled here, started in test pods, their lines read.
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
  renameSync(unfinished, program); // a process that runs it keeps its own
  return program;
}

/** One server or one client process of many connections. */
export class Traffic {
  tally: Tally = nothing;
  /** The first things that went wrong, in words. */
  readonly troubles: string[] = [];
  /** Called for each end on which nothing moves, while it is still open. */
  onStall: (stall: Stall) => void = () => undefined;
  private readonly ended: Promise<void>;
  private readonly spoke: Promise<void>;

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    if (child.stdout === null) throw new Error(`start ${name}: no output to read`);
    const lines = createInterface({ input: child.stdout });
    this.spoke = new Promise((resolve) => lines.once('line', () => resolve()));
    lines.on('line', (line) => this.read(line));
    this.ended = new Promise((resolve) => lines.once('close', resolve));
  }

  /** Resolves when it listens, or has begun to connect. */
  async started(): Promise<this> {
    const gone = this.ended.then(() => {
      throw new Error(`start ${this.name}: it ended before it said anything`);
    });
    await Promise.race([this.spoke, gone]);
    return this;
  }

  /** Takes no new connections; resolves when the last one is over, which a hanging one is after a minute and a half. */
  async finish(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended;
  }

  /** Ends at once, as when a pod is removed; resolves when its last line has been read. */
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
