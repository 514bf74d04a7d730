// Test pods with a datapath over them, and the load programs run in them: inside the product's reach or beside it.
import { mkdirSync, rmdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { z } from 'zod';
import { Fixture, selected, settings } from '../../ebpf/tests/fixture';
import { firstLine, stop, type TestPod } from '../../ebpf/tests/pods';
import { maxConnectionsRange, spillBytesRange } from '../../operator/api/spec';
import type { Values } from './experiment';
import { provideLoadProgram } from './loadProgram';

/**
 * Every load runs on one CPU, client and server alike: then a run's time is the processor time that the mechanism costs.
 * Across CPUs a virtual machine's wake-up interrupt (50 to 60 µs against 10 µs for all the rest) would be measured instead.
 */
const cpu = cpus().length - 1;

/** Where a load runs, and what it says to its server. */
export interface Load {
  readonly client: TestPod;
  readonly server: TestPod;
  /** Inside the product's reach are the processes in the pods' cgroup, to which the programs are attached. */
  readonly within: { readonly client: boolean; readonly server: boolean };
  /** As load/common.h has it. */
  readonly address: string;
  readonly serve: readonly (string | number)[];
  /** The name of the client's program and the words after its address. */
  readonly program: 'turns' | 'brief' | 'stream' | 'stall';
  readonly words: readonly (string | number)[];
}

/** What the load programs print, all of them numbers. */
const printed = z.record(z.string(), z.number());

export class BenchNode {
  private constructor(
    private readonly fixture: Fixture,
    private readonly loadProgram: string,
    /** A cgroup that no program is attached to. */
    private readonly besideCgroup: string,
  ) {}

  static async open(): Promise<BenchNode> {
    const loadProgram = await provideLoadProgram();
    const fixture = new Fixture();
    const beside = `${fixture.node.cgroup}-beside`;
    mkdirSync(beside);
    const node = new BenchNode(fixture, loadProgram, beside);
    node.configure();
    return node;
  }

  /** Selected for acceleration. */
  get client(): TestPod {
    return this.fixture.client;
  }

  /** Selected for acceleration. */
  get server(): TestPod {
    return this.fixture.server;
  }

  /** A pod that is not selected, and whose address the datapath does not know: on another node, for all it can tell. */
  addPod(): TestPod {
    return this.fixture.node.addPod();
  }

  /** Takes the product off the node, or puts it on again. */
  attach(wanted: boolean): void {
    this.fixture.datapath.release();
    if (!wanted) return;
    this.fixture.datapath = this.fixture.open();
    this.configure();
    this.fixture.datapath.select([selected(this.client, 'front'), selected(this.server, 'back')], []);
  }

  /** Runs client and server of a load to the client's end; returns what the client printed. */
  async run(load: Load): Promise<Values> {
    const stopLoad = await this.start(load);
    try {
      return await stopLoad.result;
    } finally {
      await stopLoad.stop();
    }
  }

  /** Starts a load that goes on beside others, until it is stopped. */
  async start({ client, server, within, address, serve, program, words }: Load): Promise<{ result: Promise<Values>; stop: () => Promise<void> }> {
    const serving = this.spawn(server, within.server, ['serve', address, ...serve]);
    const ended = () => stop(serving);
    try {
      await firstLine(serving);
    } catch (error) {
      throw new Error(`starting the server at ${address} for ${program}: ${(error as Error).message}`, { cause: error });
    }
    const asking = this.spawn(client, within.client, [program, address, ...words]);
    const result = firstLine(asking).then(
      (line) => printed.parse(JSON.parse(line)),
      (error: Error) => Promise.reject(new Error(`measuring ${program} ${words.join(' ')} at ${address}: ${error.message}`)),
    );
    return { result, stop: () => Promise.all([stop(asking), ended()]).then(() => undefined) };
  }

  /** Bytes of selected pods so far that were redirected, and those that went over TCP. */
  bytes(): { fast: bigint; tcp: bigint } {
    const { namespaces } = this.fixture.datapath.snapshot();
    return namespaces.reduce(({ fast, tcp }, each) => ({ fast: fast + each.fastBytes, tcp: tcp + each.tcpBytes }), { fast: 0n, tcp: 0n });
  }

  async close(): Promise<void> {
    await this.fixture.remove();
    rmdirSync(this.besideCgroup);
  }

  private configure(): void {
    this.fixture.datapath.configure({ ...settings, maxConnections: maxConnectionsRange.default, spillBytes: spillBytesRange.default });
  }

  private spawn(pod: TestPod, within: boolean, words: readonly (string | number)[]) {
    const cgroup = within ? this.fixture.node.cgroup : this.besideCgroup;
    const move = 'echo $$ > "$0/cgroup.procs"; export CPU_STAT="$0/cpu.stat"; exec "$@"';
    return this.fixture.node.start(pod, 'sh', '-c', move, cgroup, 'taskset', '-c', String(cpu), this.loadProgram, ...words.map(String));
  }
}
