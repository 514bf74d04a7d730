// Whether bytes move through the sidecars while a client runs, looked at every few milliseconds by a process of its own: this one may
// be busy with the datapath.
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

  /** @param pids every byte of every connection passes one of these processes */
  constructor(pids: readonly number[]) {
    this.process = spawn(process.execPath, [program, ...pids.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.stdin.on('error', () => undefined); // it has ended, which its answers tell too
    this.answers = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** Runs something during which bytes are to move. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.process.stdin.write('begin\n');
    try {
      return await work();
    } finally {
      await this.end();
    }
  }

  /** Milliseconds of the longest standstill since this was asked last. */
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
    if (done === true) throw new Error('looking for standstills: the program that looks has ended; its own words stand above');
    this.longest = Math.max(this.longest, Number(value));
  }
}
