// The other end of a witness (client/main.js), told what to do a line at a time.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { join } from 'node:path';
import { z } from 'zod';
import { stop } from '../../../ebpf/tests/pods';
import type { Stand } from './stand';
import type { Witness } from './witness';

const outcome = z.object({ bytes: z.number(), ms: z.number(), standstillMs: z.number(), complaints: z.array(z.string()) });
/** What came of a deed: bytes both ways, how long it took, and how long it stood still with something outstanding. */
export type Outcome = z.infer<typeof outcome>;

export interface Deeds {
  /** A new connection in the place of the one before; it has hung when it stands still for `patienceMs`. */
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
    if (exitCode !== null || signalCode !== null) throw new Error(`the client had ended with ${exitCode ?? signalCode} before it was asked to ${deed}`);
    const ended = new AbortController();
    const end = (): void => ended.abort();
    this.child.once('exit', end);
    try {
      const answer = once(this.lines, 'line', { signal: ended.signal });
      this.child.stdin?.write(`${JSON.stringify({ deed, frozen: this.frozen, ...how })}\n`);
      const [line] = (await answer) as [string];
      return outcome.parse(JSON.parse(line));
    } catch (error) {
      if (ended.signal.aborted) throw new Error(`the client ended with ${this.child.exitCode} while it was asked to ${deed}`);
      throw error;
    } finally {
      this.child.off('exit', end);
    }
  }

  stop(): Promise<void> {
    return stop(this.child);
  }
}
