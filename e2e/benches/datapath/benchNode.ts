// Test pods with the product over them, test pods of the same shape without, and the loads that run in them.
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';
import { TestNode } from '../../../ebpf/tests/pods';
import { maxConnectionsRange, spillBytesRange } from '../../../operator/api/spec';
import { Visits } from '../../../operator/agent/visits';
import { waitFor } from '../../stand/support/waitFor';
import { provideLoadProgram } from '../../stand/pods/loadProgram';
import { RunningLoad, type End, type Load } from './loads';

/** As often as the agent does. */
const stepEveryMs = 1000;
/** Turns by which a destination is made known; they pause, so that the processor is free for visits. */
const primer = { serve: [64, 0, 'stay'], program: 'turns', words: [1, 64, 200] } as const;
const primerSeconds = 60;

/** Two pods, and the cgroup of their processes. */
export interface Pair {
  readonly client: End;
  readonly server: End;
}

export class BenchNode {
  private visiting: NodeJS.Timeout | undefined;
  /** Once it is in force. */
  private visits: Visits | undefined;
  private visitFailed: Error | undefined;
  /** Milliseconds that the agent's clock is ahead of ours. */
  private ahead = 0;
  private readonly primed = new Set<string>();
  private readonly running = new Set<RunningLoad>();

  private constructor(
    private readonly fixture: Fixture,
    private readonly plainNode: TestNode,
    private readonly loadProgram: string,
    /** Selected for acceleration. */
    readonly accelerated: Pair,
    /** On a node of their own, in a cgroup that no program is attached to. */
    readonly plain: Pair,
  ) {}

  static async open(): Promise<BenchNode> {
    const loadProgram = await provideLoadProgram();
    const fixture = new Fixture();
    const plainNode = new TestNode(`${process.pid.toString(36)}-tcp`);
    try {
      const plain = [plainNode.addPod(), plainNode.addPod()].map((pod) => ({ pod, cgroup: plainNode.cgroup }));
      const own = [fixture.client, fixture.server].map((pod) => ({ pod, cgroup: fixture.node.cgroup }));
      const node = new BenchNode(fixture, plainNode, loadProgram, pair(own), pair(plain));
      node.putInForce();
      return node;
    } catch (error) {
      await Promise.all([fixture.remove(), plainNode.remove()]);
      throw error;
    }
  }

  /** A pod that is not selected, on the node that has the product. */
  addPod(): End {
    return { pod: this.fixture.node.addPod(), cgroup: this.fixture.node.cgroup };
  }

  /** A pod that the datapath takes for one of another node: it does not know its address, and sees none of its sockets. */
  addFarPod(): End {
    return { ...this.addPod(), cgroup: this.plainNode.cgroup };
  }

  /** Takes the product off the node, or puts it on again. */
  attach(wanted: boolean): void {
    clearInterval(this.visiting);
    if (this.visiting !== undefined) this.fixture.datapath.release();
    this.visiting = undefined;
    this.primed.clear();
    if (!wanted) return;
    this.fixture.datapath = this.fixture.open();
    this.putInForce();
  }

  /** @throws also when a visit has failed since: nothing could be adopted any more */
  async start(load: Load): Promise<RunningLoad> {
    if (this.visitFailed !== undefined) throw this.visitFailed;
    const running = await RunningLoad.start(this.loadProgram, load);
    this.running.add(running);
    return running;
  }

  /** Starts a process on its own, in a cgroup that no program is attached to. */
  async startAlone(program: 'calls'): Promise<RunningLoad> {
    const running = await RunningLoad.alone(this.loadProgram, this.plain.client, program);
    this.running.add(running);
    return running;
  }

  /** From now on the agent's clock goes forward by passSecond() only, until the product is put on anew. */
  holdClock(): void {
    clearInterval(this.visiting);
  }

  /** Lets the agent do at once what it does in a second. Returns the ends that are learnt, and whether readers are watched then. */
  passSecond(): { learning: number; watching: boolean } {
    const { datapath } = this.fixture;
    this.ahead += stepEveryMs;
    this.visits?.step(datapath, datapath.snapshot());
    return { learning: this.learningEnds(), watching: this.visits?.watching ?? false };
  }

  watchReaders(on: boolean): void {
    this.fixture.datapath.watchReaders(on);
  }

  learningEnds(): number {
    return this.fixture.datapath.snapshot().namespaces.reduce((sum, { reasons }) => sum + (reasons.get('Learning') ?? 0), 0);
  }

  /**
   * Makes the destination of a load known as one whose connections take turns: those that are opened from then on are
   * accelerated when they open. The first of them is adopted.
   */
  async prime(load: Load): Promise<void> {
    if (this.primed.has(load.address)) return;
    const running = await this.start({ ...load, ...primer });
    const talking = running.slice(primerSeconds).catch(() => undefined); // it is ended when it has served
    await this.allAccelerated(1);
    await running.stop();
    await talking;
    await waitFor('the first connection to close', () => this.acceleratedEnds() === 0);
    this.primed.add(load.address);
  }

  /** Waits until there are so many accelerated connections. */
  async allAccelerated(connections: number): Promise<void> {
    await waitFor(
      `${connections} connections to be accelerated`,
      () => {
        if (this.acceleratedEnds() >= 2 * connections) return true;
        throw new Error(`${this.acceleratedEnds()} ends are, others: ${this.reasons()}`);
      },
      { timeoutMs: 20_000, everyMs: 20 },
    );
  }

  /** Waits until readers are left alone, as they are while nothing new is at stake. */
  async readersLeftAlone(): Promise<void> {
    await waitFor('readers to be known', () => this.visits?.watching !== true, { timeoutMs: 20_000, everyMs: 20 });
  }

  /** Bytes of selected pods so far that were redirected, and those that went over TCP. */
  bytes(): { fast: bigint; tcp: bigint } {
    const { namespaces } = this.fixture.datapath.snapshot();
    return namespaces.reduce(({ fast, tcp }, each) => ({ fast: fast + each.fastBytes, tcp: tcp + each.tcpBytes }), { fast: 0n, tcp: 0n });
  }

  async close(): Promise<void> {
    await Promise.all([...this.running].map((load) => load.stop()));
    // the fixture releases what is attached
    if (this.visiting === undefined) this.attach(true);
    clearInterval(this.visiting);
    await this.fixture.remove();
    await this.plainNode.remove();
  }

  /** What the agent does with a new node: the settings of the default resource, the selection, and visits from then on. */
  private putInForce(): void {
    const { datapath, client, server } = this.fixture;
    datapath.configure({ ...settings, learn: true, maxConnections: maxConnectionsRange.default, spillBytes: spillBytesRange.default });
    datapath.select([selected(client, 'front'), selected(server, 'back')], []);
    const visits = (this.visits = new Visits(() => performance.now() + this.ahead));
    this.visiting = setInterval(() => {
      try {
        visits.step(datapath, datapath.snapshot());
      } catch (error) {
        this.visitFailed ??= error as Error;
      }
    }, stepEveryMs);
  }

  private acceleratedEnds(): number {
    return this.fixture.datapath.snapshot().namespaces.reduce((sum, { accelerated }) => sum + accelerated, 0);
  }

  private reasons(): string {
    const { namespaces } = this.fixture.datapath.snapshot();
    return namespaces.map(({ namespace, reasons }) => `${namespace} ${JSON.stringify(Object.fromEntries(reasons))}`).join(', ');
  }
}

function pair([client, server]: readonly End[]): Pair {
  if (client === undefined || server === undefined) throw new Error('making test pods: expected two');
  return { client, server };
}
