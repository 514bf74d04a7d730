// Does a process outside all pods make slower system calls on a node where some connection is always in the state Learning?
import { median } from '../../../../operator/cli/bench/statistics';
import { waitFor } from '../../../stand/support/waitFor';
import { BenchNode } from '../benchNode';
import { sliceOf, type Case, type Experiment, type Pace, type Side, type Stage, type Values } from '../experiment';
import type { Load, RunningLoad } from '../loads';

/**
 * How long the benchmark keeps a connection in the state Learning, in seconds of the agent's clock. It counts in how many of these seconds the agent
 * watches how programs read.
 */
const learningSeconds: Readonly<Record<Pace, number>> = { full: 3600, quick: 600 };
/** The connection in the state Learning takes one turn in this time, and only while readers are not watched. So its readers stay unknown. */
const turnEverySeconds = 20;
const turn: Pick<Load, 'program' | 'serve' | 'words'> = { program: 'turns', serve: [64, 0, 'stay'], words: [1, 64, 0] };
const firstPort = 8000;

/** How often to try whether watching readers slows system calls at all: it makes getpid() a tenth slower (Linux 6.18). */
const trials = 5;
const unseen = 0.98;

const getpid: Case = { name: 'getpid', x: 'getpid', series: 'an unrelated process', seconds: 0.1 };

/** Parts of `learningSeconds`, from 0 to 1. */
interface Hour {
  /** The part in which a connection was in the state Learning. */
  readonly learning: number;
  /** The part in which readers were watched by a tracepoint on system calls, which slows each of them. */
  readonly watched: number;
}

class SystemCallStage implements Stage {
  private connection: RunningLoad | undefined;
  private attached = true;
  private destinations = 0;
  private hour: Hour = { learning: 0, watched: 0 };

  private constructor(
    private readonly node: BenchNode,
    private readonly caller: RunningLoad,
    private readonly pace: Pace,
  ) {}

  static async open(pace: Pace): Promise<SystemCallStage> {
    const node = await BenchNode.open();
    try {
      return new SystemCallStage(node, await node.startAlone('calls'), pace);
    } catch (error) {
      await node.close();
      throw error;
    }
  }

  async prepare(it: Case): Promise<void> {
    await this.put(true);
    this.hour = await this.learn(learningSeconds[this.pace]);
    if (this.hour.watched > 0) await this.mustBeAlone(sliceOf(it, this.pace));
  }

  /** The calls of an average second: the rates with readers watched and without, weighted by how long readers were watched in the hour. */
  async run(it: Case, side: Side): Promise<Values> {
    const seconds = sliceOf(it, this.pace);
    if (side === 'none') {
      await this.put(false);
      return { callsPerSecond: await this.rate(seconds) };
    }
    const { learning, watched } = this.hour;
    await this.put(true);
    const alone = await this.rate(seconds, false);
    const watching = watched === 0 ? 0 : await this.rate(seconds, true);
    return { callsPerSecond: (1 - watched) * alone + watched * watching, learning: 100 * learning, watched: 100 * watched };
  }

  async close(): Promise<void> {
    await this.connection?.stop();
    await this.node.close();
  }

  /** Attaches the datapath on the node and opens the connection that stays in the state Learning, or removes both. */
  private async put(wanted: boolean): Promise<void> {
    if (this.attached === wanted && (this.connection !== undefined || !wanted)) return;
    if (this.attached !== wanted) this.node.attach(wanted);
    this.attached = wanted;
    if (wanted) this.node.holdClock();
    await this.connect(wanted);
  }

  /** Replaces the connection by one to a new destination, of which the datapath has no history. */
  private async connect(wanted = true): Promise<void> {
    await this.connection?.stop();
    this.connection = undefined;
    if (!wanted) return;
    const pair = this.node.accelerated;
    const address = `${pair.server.pod.address}:${firstPort + this.destinations++}`;
    this.connection = await this.node.start({ ...pair, ...turn, address });
    await waitFor('a connection to be learnt', () => this.node.learningEnds() > 0, { everyMs: 5 });
  }

  private async learn(seconds: number): Promise<Hour> {
    let [learning, watched] = [0, 0];
    for (let second = 0; second < seconds; second += 1) {
      const now = this.node.passSecond();
      if (now.learning > 0) learning += 1;
      else await this.connect(); // the former connection is not in the state Learning any more
      if (now.watching) watched += 1;
      else if (second % turnEverySeconds === 0) await this.connection?.slice(0);
    }
    return { learning: learning / seconds, watched: watched / seconds };
  }

  /**
   * Makes sure that no other program traces system calls: beside one, watching readers would add no cost that could be measured.
   * @throws when system calls are as fast with readers watched as without
   */
  private async mustBeAlone(seconds: number): Promise<void> {
    const rates: { on: number; off: number }[] = [];
    while (rates.length < trials) rates.push({ on: await this.rate(seconds, true), off: await this.rate(seconds, false) });
    if (median(rates.map(({ on, off }) => on / off)) < unseen) return;
    throw new Error('comparing system calls: they cost the same with readers watched and without; end what else traces system calls of this machine');
  }

  private async rate(seconds: number, watching?: boolean): Promise<number> {
    if (watching !== undefined) this.node.watchReaders(watching);
    const { calls = Number.NaN, seconds: had = Number.NaN } = await this.caller.slice(seconds);
    return calls / had;
  }
}

export const systemCalls: Experiment = {
  name: 'system-calls',
  method: `A process outside the pods’ cgroup calls getpid() over and over, on a node whose product learns, against the same node with no program attached. A selected connection takes a turn every ${turnEverySeconds} seconds, always while no reader is watched, and is learnt therefore; where it gets accelerated all the same, one to a new destination follows. An hour of this passes beforehand, by the agent’s own class and a clock that runs ahead: it shows in what part of the time readers are watched in a way that each system call pays for. The figure is that of an average second, of the rates measured with readers watched and without. A second is one of the processor time that the process had.`,
  sides: ['beside', 'none'],
  cases: [getpid],
  axis: { title: 'what the process calls', ordered: false },
  rounds: 15,
  slices: 5,
  open: (pace) => SystemCallStage.open(pace),
};
