// The pods of the soak: pods that stay, pods with a sidecar, and a pod that is replaced now and then. Two pairs of pods are twins: they have the same
// addresses, each pair on a bridge of its own. Each connection of one pair has a double in the other, and only their network namespaces differ.
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerOf } from '../../../ebpf/tests/known';
import { stop, TestNode, type TestPod } from '../../../ebpf/tests/pods';
import type { ScriptedSandbox } from '../../../operator/agent/cri/runtime.testing';
import { addSidecar } from '../pods/sidecar';
import { run } from '../../../release/tools/command';

/** A pod, the test node (bridge) it is on, and a number: its server says the number, so that a client knows which server it has reached. */
export interface Place {
  readonly number: number;
  readonly namespace: string;
  readonly node: TestNode;
  pod: TestPod;
  /** The pod as the container runtime describes it to the agent. */
  sandbox: ScriptedSandbox;
  /** The process that the runtime names as that of the sandbox. */
  pause: ChildProcess;
}

/** The label by which an order selects single pods. */
export const placeLabel = 'place';
let grounds = 0;

export class Ground {
  private replaced = 0;
  private readonly started: ChildProcess[] = [];
  private readonly run = `soak${process.pid.toString(36)}${grounds++}`;
  /** The name must end in `kubepods`: by that the agent finds the cgroup of the pods. */
  private readonly node = new TestNode(`${this.run}-kubepods`);
  private readonly twins = new TestNode(`${this.run}t`);
  private readonly bpffs = mkdtempSync(join(tmpdir(), `sca-${this.run}-`));
  readonly pins = join(this.bpffs, 'pins');
  /** doubleClient and twinClient have the same addresses, and so have doubleServer and twinServer. */
  readonly doubleClient = this.place(1, 'front', this.node);
  readonly doubleServer = this.place(2, 'back', this.node);
  readonly twinClient = this.place(3, 'front', this.twins);
  readonly twinServer = this.place(4, 'back', this.twins);
  readonly client = this.place(5, 'front', this.node);
  readonly server = this.place(6, 'back', this.node);
  readonly meshClient = this.place(7, 'front', this.node);
  readonly meshServer = this.place(8, 'back', this.node);
  readonly passing = this.place(9, 'passing', this.node);

  get places(): readonly Place[] {
    const { doubleClient, doubleServer, twinClient, twinServer, client, server, meshClient, meshServer, passing } = this;
    return [doubleClient, doubleServer, twinClient, twinServer, client, server, meshClient, meshServer, passing];
  }

  get namespaces(): string[] {
    return [...new Set(this.places.map(({ namespace }) => namespace))];
  }

  async mount(): Promise<void> {
    await run('mount', ['-t', 'bpf', 'bpf', this.bpffs]);
  }

  async addSidecars(envoy: string): Promise<void> {
    for (const { node, pod } of [this.meshClient, this.meshServer]) await addSidecar(node, pod, envoy);
  }

  /**
   * Starts a program in a pod. The cgroups of all pods are below the one that the datapath is attached to. The program runs under nice(1), so that
   * the agent gets enough processor time.
   */
  start(place: Place, program: string, ...args: readonly (string | number)[]): ChildProcess {
    const container = this.cgroupOf(place);
    mkdirSync(container, { recursive: true });
    const enter = `echo $$ > ${container}/cgroup.procs; exec nice "$0" "$@"`;
    const child = place.node.start(place.pod, 'sh', '-c', enter, program, ...args.map(String));
    this.started.push(child);
    return child;
  }

  /** Replaces the pod by a new one with its name and addresses. The programs of the old pod must have ended. */
  async replace(place: Place): Promise<void> {
    const { name, address, address6 } = place.pod;
    const bridge = this.node.cgroup.split('/').at(-1);
    const port = `again${this.replaced++}`; // the old pod's interface exists for a moment longer
    await stop(place.pause);
    await run('ip', ['netns', 'del', name]);
    await run('ip', ['netns', 'add', name]);
    const wires = [
      'link set lo up',
      `link add eth0 type veth peer name ${port} netns ${bridge}-br`,
      `addr add ${address}/24 dev eth0`,
      `addr add ${address6}/64 dev eth0 nodad`,
      'link set eth0 up',
    ];
    await run('ip', ['-n', name, '-batch', '-'], { input: wires.join('\n') });
    await run('ip', ['-n', `${bridge}-br`, 'link', 'set', port, 'master', 'pods', 'up']);
    place.pod = { ...place.pod, netns: statSync(`/run/netns/${name}`).ino };
    Object.assign(place, this.populate(place));
    tune(place);
  }

  /** Removes all pods, their cgroups and the BPF file system. No agent may run any more. */
  async remove(): Promise<void> {
    await Promise.all(this.started.map((child) => stop(child)));
    for (const container of this.places.map((place) => this.cgroupOf(place)).filter((path) => existsSync(path))) rmdirSync(container);
    await this.twins.remove();
    await this.node.remove();
    await run('umount', [this.bpffs]);
    rmdirSync(this.bpffs);
  }

  /** The cgroup ids by which the datapath knows the containers. */
  get containers(): bigint[] {
    return this.places
      .map((place) => this.cgroupOf(place))
      .filter((path) => existsSync(path))
      .map(containerOf);
  }

  private cgroupOf({ number }: Place): string {
    return join(this.node.cgroup, `place-${number}`);
  }

  private place(number: number, namespace: string, node: TestNode): Place {
    const pod = node.addPod();
    const place = { number, namespace, node, pod, ...this.populate({ number, namespace, node, pod }) };
    tune(place);
    return place;
  }

  /** Starts a sandbox with a new id in the pod's network namespace. */
  private populate({ number, namespace, node, pod }: Pick<Place, 'number' | 'namespace' | 'node' | 'pod'>): Pick<Place, 'sandbox' | 'pause'> {
    const pause = node.start(pod, 'sleep', 'infinity');
    const sandbox = {
      id: `place-${number}-${this.replaced}`,
      namespace,
      ip: pod.address,
      additionalIps: [pod.address6],
      labels: { [placeLabel]: String(number) },
      ...(pause.pid === undefined ? {} : { pid: pause.pid }),
    };
    return { sandbox, pause };
  }
}

/**
 * Sets three limits of the pod's TCP. Short connections leave many ports in TIME_WAIT, so these may be reused; clients must not take the ports of
 * servers; and sockets that no process holds any more, whose peer was in a removed pod, must not send again for minutes
 * (net/ipv4/tcp_timer.c, tcp_orphan_retries).
 */
function tune({ node, pod }: Pick<Place, 'node' | 'pod'>): void {
  const settings = ['net.ipv4.tcp_tw_reuse=1', 'net.ipv4.ip_local_port_range=16384 65535', 'net.ipv4.tcp_orphan_retries=3'];
  node.exec(pod, 'sysctl', '-qw', ...settings);
}
