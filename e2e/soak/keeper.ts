// Starts, orders and kills the process that holds the datapath, as a kubelet and a controller do with an agent.
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DatapathPod, DatapathSettings, DatapathSnapshot, OpenOptions } from '../../operator/agent/datapath';
import type { Answer, Order } from './holder';

/** What the datapath is to be; a new holder is told all of it. */
export interface Wanted {
  settings: DatapathSettings;
  pods: readonly DatapathPod[];
  neighbours: readonly string[];
}

export class Keeper {
  private child: ChildProcess | undefined;
  /** Orders are answered one after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: OpenOptions,
    readonly wanted: Wanted,
  ) {}

  /** Starts a holder over whatever is pinned, and makes everything as wanted. */
  async start(): Promise<void> {
    this.child = fork(join(__dirname, 'holder.ts'), { execArgv: ['-r', 'ts-node/register/transpile-only'], serialization: 'advanced' });
    await this.ask({ open: this.options });
    await this.configure({});
    await this.select(this.wanted.pods, this.wanted.neighbours);
  }

  async configure(change: Partial<DatapathSettings>): Promise<void> {
    this.wanted.settings = { ...this.wanted.settings, ...change };
    await this.ask({ configure: this.wanted.settings });
  }

  async select(pods: readonly DatapathPod[], neighbours: readonly string[]): Promise<void> {
    Object.assign(this.wanted, { pods, neighbours });
    await this.ask({ select: pods, neighbours });
  }

  async snapshot(): Promise<DatapathSnapshot> {
    const { snapshot } = await this.ask({ look: true });
    if (snapshot === undefined) throw new Error('look at the datapath: the holder answered without a snapshot');
    return snapshot;
  }

  /** Detaches and unpins, and ends the holder. */
  async release(): Promise<void> {
    await this.ask({ release: true });
    await this.kill();
  }

  /** SIGKILL, perhaps in the middle of an order that was given `afterMs` ago; nobody waits for its answer. */
  async kill(unfinished?: Order, afterMs = 0): Promise<void> {
    await this.last.catch(() => undefined);
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (unfinished !== undefined) child.send(unfinished);
    await pause(afterMs);
    child.kill('SIGKILL');
    await gone;
  }

  private ask(order: Order): Promise<Answer> {
    const answer = this.last.catch(() => undefined).then(() => this.tell(order));
    this.last = answer;
    return answer;
  }

  private tell(order: Order): Promise<Answer> {
    const child = this.child;
    if (child === undefined) throw new Error('order the holder: it does not run');
    return new Promise((resolve, reject) => {
      const over = (code: number | null): void => reject(new Error(`order the holder ${Object.keys(order).join()}: it ended with ${code}`));
      child.once('exit', over);
      child.once('message', (answer: Answer) => {
        child.off('exit', over);
        if (answer.error === undefined) resolve(answer);
        else reject(new Error(answer.error));
      });
      child.send(order);
    });
  }
}
