// A long-running program of a test: its output goes to a file, and it is ended by its process id.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A program that runs until it is stopped. */
export class LongRunning {
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;
  private gone = false;

  constructor(
    private readonly program: string,
    args: readonly string[],
    private readonly logFile: string,
  ) {
    const log = openSync(logFile, 'a');
    this.child = spawn(program, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.ended = new Promise((settle) => {
      const end = () => {
        this.gone = true;
        settle();
      };
      this.child.once('error', end).once('exit', end);
    });
  }

  /** @throws Error with the last output of the program when it no longer runs. */
  check(): void {
    if (!this.gone) return;
    const words = readFileSync(this.logFile, 'utf8').trim().split('\n').slice(-3).join(' | ');
    throw new Error(`running ${this.program}: it ended by itself: ${words.slice(-600)}`);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.gone) this.child.kill(signal);
  }

  /** Asks the program to end, and kills it when it has not ended after some seconds. */
  async stop(patienceMs = 3_000): Promise<void> {
    if (this.gone) return;
    this.child.kill('SIGTERM');
    const kill = setTimeout(() => this.child.kill('SIGKILL'), patienceMs);
    await this.ended;
    clearTimeout(kill);
  }
}
