// Measures for how long no byte moves through the sidecars while a client runs. A process of its own looks every few milliseconds, because
// this process may be busy with the datapath.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { stop } from '../../../ebpf/tests/pods';

const program = join(__dirname, 'apps', 'standstill.js');

export class Standstill {
  private readonly process: ChildProcessByStdio<Writable, Readable, null>;
  private readonly answers: AsyncIterator<string>;
  private longest = 0;

  /** @param pids processes, through one of which each byte of each connection passes */
  constructor(pids: readonly number[]) {
    this.process = spawn(process.execPath, [program, ...pids.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.stdin.on('error', () => undefined); // the process has ended; end() reports that
    this.answers = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** Runs something, and measures standstills meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.process.stdin.write('begin\n');
    try {
      return await work();
    } finally {
      await this.end();
    }
  }

  /** The longest standstill since the last call, in milliseconds. */
  take(): number {
    const { longest } = this;
    this.longest = 0;
    return longest;
  }

  stop(): Promise<void> {
    return stop(this.process);
  }
  private async end(): Promise<void> {
    this.process.stdin.write('end\n');
    const { value, done } = await this.answers.next();
    if (done === true) throw new Error('measure standstills: apps/standstill.js has ended; see its error above');
    this.longest = Math.max(this.longest, Number(value));
  }
}
