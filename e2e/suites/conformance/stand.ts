// The stand on which the cases are played: two pairs of pods for each path, of which one is selected, and a datapath.
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseBtf } from '../../../operator/agent/datapath/btf';
import { Enums } from '../../../operator/agent/datapath/abi';
import { section } from '../../../operator/agent/datapath/elf';
import { Fixture, object, selected, settings } from '../../../ebpf/tests/fixture';
import { containerOf } from '../../../ebpf/tests/known';
import { makePair, probeWords, type FamilyName, type Pair, type PathName } from './paths';
import { outputOf, parseObservation, probeProgram, type Case, type Observation, type Order } from './probe';
import { judge, type Names, type Verdict } from './verdict';

/** Each run uses a port of its own, because the datapath keeps a history of each destination, which must not affect the next case. */
const firstPort = 20_000;
const ports = 10_000;
/** Milliseconds between scans. The agent scans once a second; here it must be faster. Scans that follow even sooner would find the
 * same bytes unread twice, and take the reader for one that lets its bytes lie. */
const visitMs = 300;
/** Cases in which a program reads in an unusual way for the first time. In all others the datapath knows the reader, so that bytes are redirected. */
const aboutUnknownReaders = /-first$|^fionread-filled$/;
/** An open connection joins in three scans, which are made at once. */
const stepsToJoin = 3;

export interface Trial extends Verdict {
  readonly control: Observation;
  readonly accelerated: Observation;
}

export function datapathNames(): Names {
  const enums = new Enums(parseBtf(section(readFileSync(object), '.BTF')));
  return {
    standing: (number) => enums.reasons.get(number),
    gate: (number) => enums.gates[number] ?? `gate ${number}`,
  };
}

export class Stand {
  private readonly fixture = new Fixture();
  private readonly names = datapathNames();
  /** Each path has pods of its own, so that several paths can be played at the same time. */
  private readonly pairs = new Map<PathName, { readonly accelerated: Pair; readonly control: Pair }>();
  private runs = 0;
  private containers = 0;
  private visits: NodeJS.Timeout | undefined;
  /** Paths whose pods are not scanned until the end of the current case; each path is a namespace. */
  private readonly unvisited = new Set<string>();

  /** Makes the pods of `wanted`. @throws where a rule cannot be set, after cleaning up */
  static async open(wanted: readonly PathName[]): Promise<Stand> {
    const stand = new Stand();
    try {
      stand.makePods(wanted);
      return stand;
    } catch (error) {
      await stand.close();
      throw error;
    }
  }

  private makePods(wanted: readonly PathName[]): void {
    const { node, datapath } = this.fixture;
    for (const path of wanted) this.pairs.set(path, { accelerated: makePair(node, path), control: makePair(node, path) });
    const pods = [...this.pairs].flatMap(
      ([
        path,
        {
          accelerated: { client, server },
        },
      ]) => [client, server].map((pod) => selected(pod, path)),
    );
    datapath.select(pods, []);
    datapath.configure({ ...settings, learn: true });
    datapath.watchReaders(true);
    this.visits = setInterval(() => {
      const visited = new Set(wanted.filter((path) => !this.unvisited.has(path)));
      for (let step = 0, moved = 1; step < stepsToJoin && moved > 0; step++) moved = datapath.scan(visited).steps;
    }, visitMs);
  }

  /** Plays a case on both pairs of pods at once. @throws BrokenControl, or the error of a probe that could not be run */
  async play({ name, subject }: Case, path: PathName, family: FamilyName, small: boolean): Promise<Trial> {
    const pair = this.pairs.get(path);
    if (pair === undefined) throw new Error(`play ${name}: the pods of path ${path} were not made`);
    const port = firstPort + (this.runs++ % ports);
    const size = small ? ['--small'] : [];
    const obey = (order: Order): void => void (order === 'unvisited' && this.unvisited.add(path));
    try {
      const [control, accelerated] = await Promise.all([
        this.observe(name, pair.control, probeWords(path, family, pair.control, port), size),
        this.observe(name, pair.accelerated, probeWords(path, family, pair.accelerated, port), [...size, '--ends', this.fixture.statesPin()], {
          obey,
          container: (id) => this.know(name, pair.accelerated, id),
        }),
      ]);
      return { ...judge(subject, control, accelerated, this.names), control, accelerated };
    } finally {
      this.unvisited.delete(path);
    }
  }

  /** Tells the datapath how the readers read. Before 5.15 the pod stands for its containers (ebpf/state.h, container_of_socket()), and a
   * connection joins only when it opens. */
  private know(name: string, { client, server }: Pair, container: bigint): void {
    const { datapath, known } = this.fixture;
    const pods = [client, server].map(({ netns }) => BigInt(netns));
    if (!datapath.canScan) known.toPoll(pods);
    if (!aboutUnknownReaders.test(name)) known.toRead([container, ...pods]);
  }

  /**
   * Plays a case in a container of its own, because the datapath remembers how the programs of a container read, which must not affect the next case.
   */
  private async observe(
    name: string,
    { server }: Pair,
    where: readonly string[],
    how: readonly string[],
    on: { readonly obey?: (order: Order) => void; readonly container?: (id: bigint) => void } = {},
  ): Promise<Observation> {
    const { node } = this.fixture;
    const container = join(node.cgroup, String(this.containers++));
    mkdirSync(container);
    on.container?.(containerOf(container));
    const enter = `echo $$ > ${container}/cgroup.procs; exec "$0" "$@"`;
    try {
      return parseObservation(await outputOf(node.start(server, 'sh', '-c', enter, probeProgram, 'run', name, ...where, ...how), on.obey));
    } finally {
      rmdirSync(container);
    }
  }

  close(): Promise<void> {
    clearInterval(this.visits);
    return this.fixture.remove();
  }
}
