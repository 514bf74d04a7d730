// Two selected test pods with a datapath. Each test makes them anew and removes them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  mountTracing,
  openDatapath,
  type Datapath,
  type DatapathPod,
  type DatapathSettings,
  type NamespaceCounters,
  type OpenOptions,
} from '../../operator/agent/datapath';
import { TestNode, type TestPod } from './pods';
import { containerOf, Known } from './known';

export const object = join(__dirname, '..', '..', 'build', 'ebpf', 'datapath.bpf.o');
export const settings: DatapathSettings = {
  mode: 'Accelerate',
  paths: ['PodLocal', 'NodeLocal'],
  maxConnections: 1000,
  spillBytes: 1 << 20,
  learn: false,
};

let runs = 0;

/** The pod as the agent would select it. */
export function selected(pod: TestPod, namespace: string): DatapathPod {
  return { netns: pod.netns, netnsFile: `/run/netns/${pod.name}`, namespace, shaped: false, addresses: [pod.address, pod.address6] };
}

export class Fixture {
  readonly node: TestNode;
  readonly client: TestPod;
  readonly server: TestPod;
  readonly pins: string;
  readonly known: Known;
  /** A BPF file system of this fixture, so that the machine need not have one and no run sees the pins of another. */
  private readonly bpffs: string;
  datapath: Datapath;

  constructor() {
    if (!existsSync(object)) throw new Error(`load datapath: no ${object}; run make build`);
    const run = `${process.pid.toString(36)}${runs++}`;
    this.bpffs = mkdtempSync(join(tmpdir(), `sca-${run}-`));
    execFileSync('mount', ['-t', 'bpf', 'bpf', this.bpffs]);
    this.pins = join(this.bpffs, 'pins');
    this.known = new Known(object, this.pins);
    this.node = new TestNode(run);
    this.client = this.node.addPod();
    this.server = this.node.addPod();
    try {
      this.datapath = this.open();
      this.trust(this.node.cgroup);
    } catch (error) {
      void this.clear();
      throw error;
    }
    this.datapath.configure(settings);
    this.datapath.select([selected(this.client, 'front'), selected(this.server, 'back')], []);
  }

  /** Opens the datapath as a new agent does, with tracefs mounted. tracefs stays mounted where systemd would have mounted it. */
  open(options: Pick<OpenOptions, 'plain' | 'watch'> = {}): Datapath {
    const trouble = mountTracing();
    if (trouble !== undefined) process.stderr.write(`${trouble}\n`);
    return openDatapath({ object, pins: this.pins, podCgroup: this.node.cgroup, ...options });
  }

  /**
   * Makes it known from the start that these containers poll what they accept, so that connections join when they open. Before 5.15 the network
   * namespace of a pod stands for its containers (container_of_socket(), ebpf/state.h).
   */
  trust(...cgroups: readonly string[]): void {
    this.known.toPoll([...cgroups.map(containerOf), ...[this.client, this.server].map(({ netns }) => BigInt(netns))]);
  }

  /** The pin of the map with the socket states, which tell how the bytes of a socket went. */
  statesPin(): string {
    const [folder = ''] = readdirSync(this.pins);
    return join(this.pins, folder, 'socket_states');
  }

  counters(namespace: string): NamespaceCounters {
    const found = this.datapath.snapshot().namespaces.find((n) => n.namespace === namespace);
    if (found === undefined) throw new Error(`read counters: namespace ${namespace} has none`);
    return found;
  }

  async remove(): Promise<void> {
    this.datapath.release();
    await this.clear();
  }

  private async clear(): Promise<void> {
    await this.node.remove();
    execFileSync('umount', [this.bpffs]);
    rmdirSync(this.bpffs);
  }
}

/** Waits until `condition` holds. After half a minute, because emulated machines are slow, it throws with `what` and with what `instead` returns. */
export async function until(what: string, condition: () => boolean, instead?: () => unknown): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > deadline)
      throw new Error(`waited thirty seconds for: ${what}${instead ? `; there is ${inspect(instead(), { depth: 5 })}` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
