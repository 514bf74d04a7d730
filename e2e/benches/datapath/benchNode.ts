// Test pods with the product over them, test pods of the same shape without, and the loads that run in them.
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';
import { containerOf } from '../../../ebpf/tests/known';
import { TestNode } from '../../../ebpf/tests/pods';
import { maxConnectionsRange, spillBytesRange } from '../../../operator/api/spec';
import { ScanSchedule } from '../../../operator/agent/scanSchedule';
import { waitFor } from '../../stand/support/waitFor';
import { provideLoadProgram } from '../../stand/pods/loadProgram';
import { RunningLoad, type End, type Load } from './loads';

/** The pause between two steps of the scan schedule, as in the agent. */
const stepEveryMs = 1000;
/** The turns from which the datapath learns a destination. The client pauses between two turns, so that the processor is free for scans. */
const primer = { serve: [64, 0, 'stay'], program: 'turns', words: [1, 64, 200] } as const;
const primerSeconds = 60;

/** Two pods, and the cgroup of their processes. */
export interface Pair {
  readonly client: End;
  readonly server: End;
}

export class BenchNode {
  private visiting: NodeJS.Timeout | undefined;
  /** Set while the product is on the node: the timer of the agent's steps. */
  private visits: ScanSchedule | undefined;
  private visitFailed: Error | undefined;
  /** How many milliseconds the clock of the scan schedule is ahead of the machine's clock. */
  private ahead = 0;
  private readonly primed = new Set<string>();
  private readonly running = new Set<RunningLoad>();

  private constructor(
    private readonly fixture: Fixture,
    private readonly plainNode: TestNode,
    private readonly loadProgram: string,
    /** A pair that is selected for acceleration. */
    readonly accelerated: Pair,
    /** A pair on a node of its own, in a cgroup that no program is attached to. */
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

  /** Adds a pod that is not selected, on the node that has the datapath. */
  addPod(): End {
    return { pod: this.fixture.node.addPod(), cgroup: this.fixture.node.cgroup };
  }

  /** Adds a pod that the datapath takes for a pod of another node: it knows no address of that pod and sees none of its sockets. */
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

  /** Starts a load. @throws also when an earlier scan has failed: no connection could be adopted any more */
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

  /** Stops the regular scans: only passSecond() makes the agent's step, until the product is put on the node again. */
  holdClock(): void {
    clearInterval(this.visiting);
  }

  /**
   * Takes at once the step that the agent takes in a second. Returns how many connection ends are in the state Learning, and whether readers are
   * watched after the step.
   */
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
   * Lets the datapath learn that connections to the load's destination take turns. The first such connection is adopted; every later one is
   * accelerated when it opens.
   */
  async prime(load: Load): Promise<void> {
    if (this.primed.has(load.address)) return;
    const running = await this.start({ ...load, ...primer });
    const talking = running.slice(primerSeconds).catch(() => undefined); // stop() ends the load before its seconds are over
    await this.allAccelerated(1);
    await running.stop();
    await talking;
    await waitFor('the first connection to close', () => this.acceleratedEnds() === 0);
    this.primed.add(load.address);
  }

  /** Waits until at least this many connections are accelerated. */
  async allAccelerated(connections: number): Promise<void> {
    await waitFor(
      `${connections} connections to be accelerated`,
      () => {
        if (this.acceleratedEnds() >= 2 * connections) return true;
        throw new Error(`${this.acceleratedEnds()} connection ends are accelerated; the reasons of the others: ${this.reasons()}`);
      },
      { timeoutMs: 20_000, everyMs: 20 },
    );
  }

  /** Waits until the agent watches no reader, as when it knows the reader traits of all containers. */
  async readersLeftAlone(): Promise<void> {
    await waitFor('the agent to stop watching readers', () => this.visits?.watching !== true, { timeoutMs: 20_000, everyMs: 20 });
  }

  /** The bytes that selected pods have sent so far: redirected (fast), and over TCP. */
  bytes(): { fast: bigint; tcp: bigint } {
    const { namespaces } = this.fixture.datapath.snapshot();
    return namespaces.reduce(({ fast, tcp }, each) => ({ fast: fast + each.fastBytes, tcp: tcp + each.tcpBytes }), { fast: 0n, tcp: 0n });
  }

  async close(): Promise<void> {
    await Promise.all([...this.running].map((load) => load.stop()));
    // remove() releases the datapath and therefore expects it to be attached
    if (this.visiting === undefined) this.attach(true);
    clearInterval(this.visiting);
    await this.fixture.remove();
    await this.plainNode.remove();
  }

  /**
   * Does what the agent does on a new node: writes the settings of the default resource and the selection, and scans from then on. The proven
   * size of the load's readers is set to any length, which the agent reaches after some minutes: it watches once a minute for longer reads
   * (operator/agent/onDemand.ts).
   */
  private putInForce(): void {
    const { datapath, client, server, known, node } = this.fixture;
    known.toRead([containerOf(node.cgroup)]);
    datapath.configure({ ...settings, learn: true, maxConnections: maxConnectionsRange.default, spillBytes: spillBytesRange.default });
    datapath.select([selected(client, 'front'), selected(server, 'back')], []);
    const visits = (this.visits = new ScanSchedule(() => performance.now() + this.ahead));
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
