// Runs the client of a witness (client/main.js), which gets one line for each thing that it is to do.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { join } from 'node:path';
import { z } from 'zod';
import { stop } from '../../../ebpf/tests/pods';
import type { Stand } from './stand';
import type { Witness } from './witness';

const outcome = z.object({ bytes: z.number(), ms: z.number(), standstillMs: z.number(), complaints: z.array(z.string()) });
/** The result of a deed: bytes in both directions, its duration, and the longest time without progress while an answer was outstanding. */
export type Outcome = z.infer<typeof outcome>;

export interface Deeds {
  /** Opens a new connection in place of the one before. It has hung when nothing moves for `patienceMs`. */
  open: { readonly patienceMs: number };
  turns: { readonly count: number; readonly up: number; readonly down: number };
  burst: { readonly count: number; readonly up: number; readonly busyMs: number };
  large: { readonly up: number; readonly down: number; readonly whole: boolean; readonly first?: number; readonly busyMs?: number };
  firstHalf: { readonly up: number; readonly busyMs: number };
  secondHalf: { readonly up: number };
  stopped: { readonly up: number; readonly busyMs: number };
}

export class Client {
  private readonly lines: Interface;

  private constructor(
    private readonly child: ChildProcess,
    private readonly frozen: boolean,
  ) {
    if (child.stdout === null) throw new Error('start client: it has no output');
    this.lines = createInterface({ input: child.stdout });
  }

  static start(stand: Stand, { protocol, port, busy }: Witness): Client {
    const words = [join(__dirname, 'client', 'main.js'), stand.address, port, protocol, stand.cgroup('server')];
    return new Client(stand.converse('client', process.execPath, ...words), busy === 'frozen');
  }

  async do<D extends keyof Deeds>(deed: D, how: Deeds[D]): Promise<Outcome> {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null) throw new Error(`ask the client for ${deed}: it had ended with ${exitCode ?? signalCode} before`);
    const ended = new AbortController();
    const end = (): void => ended.abort();
    this.child.once('exit', end);
    try {
      const answer = once(this.lines, 'line', { signal: ended.signal });
      this.child.stdin?.write(`${JSON.stringify({ deed, frozen: this.frozen, ...how })}\n`);
      const [line] = (await answer) as [string];
      return outcome.parse(JSON.parse(line));
    } catch (error) {
      if (ended.signal.aborted) throw new Error(`ask the client for ${deed}: it ended with ${this.child.exitCode} meanwhile`);
      throw error;
    } finally {
      this.child.off('exit', end);
    }
  }

  stop(): Promise<void> {
    return stop(this.child);
  }
}
