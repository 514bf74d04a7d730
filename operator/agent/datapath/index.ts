// The datapath as the agent uses it: the agent writes orders into pinned maps, and reads counters from them.
import { addressBytes } from './address';
import { type Description, Enums, type Pod, type ScanRecord, type Settings, type Statistics } from './abi';
import { refuseTaken } from './attachments';
import type {
  Datapath,
  DatapathPod,
  DatapathSettings,
  DatapathSnapshot,
  DescribedEnd,
  JoinedConnection,
  ReaderTrait,
  OpenOptions,
  ScanResult,
  Watching,
  WatchWay,
} from './contract';
import { describedOf, joinedOf, textOf } from './description';
import { FormerVersions } from './formerVersions';
import { refuseForeign, unpinAll } from './pins';
import type { SocketIterator } from './iterators';
import { load, type Loaded } from './program';
import { Shares } from './shares';
import { Slots } from './slots';
import { inNamespace } from './netns';
import { countersOf, openEnds } from './statistics';

export * from './contract';
export { onWarning } from './libbpf';
export { mountTracing } from './tracing';
export { releasePinned, switchOffPinned } from './pins';

const only = 0;
/** A scan takes 4 ms for each pod. */
const scanLeavingEveryMs = 10_000;
/** Where the kernel offers no scans (iter/tcp), this many first messages of a connection end go over TCP. They show how its peer reads. */
const warmUp = 4;
/**
 * How far each write of the settings advances their epoch. The programs add to it as well, when they see a reader trait; what they add between the
 * agent's read and its write is overwritten. So the agent writes a number that they cannot have reached meanwhile, and every end checks again.
 */
const epochStep = 1n << 20n;

/**
 * Loads the programs over what is pinned, or pins them for the first time. Until configure() is called, pinned settings stay in force, and a new
 * datapath is switched off.
 * @throws DatapathRefused where this node cannot be accelerated; nothing is changed then
 */
export function openDatapath(options: OpenOptions): Datapath {
  refuseForeign(options.pins);
  refuseTaken(options.podCgroup);
  const loaded = load(options);
  try {
    return new PinnedDatapath(loaded, new FormerVersions(options.pins, loaded.abi, loaded.leaves));
  } catch (error) {
    loaded.close();
    throw error;
  }
}

class PinnedDatapath implements Datapath {
  private readonly enums: Enums;
  private readonly slots: Slots;
  private readonly shares: Shares;
  private readonly namespaceByNetns = new Map<number, string>();
  private readonly netnsFiles = new Map<number, string>();
  /** Files of pods that are no longer selected, as long as their connections may hold leases for unread messages. */
  private readonly formerFiles = new Map<number, string>();
  private selectedBefore = false;
  private nextScanLeaving = 0;
  private watched = false;
  /** A number that is new each time watching begins, also after a restart of the agent. */
  private watches = 1 + Math.floor(Math.random() * 2 ** 24);

  constructor(
    private readonly loaded: Loaded,
    private readonly formerVersions: FormerVersions,
  ) {
    this.enums = new Enums(loaded.btf);
    this.slots = new Slots(loaded.maps, (slot) => openEnds(this.statistics(slot)) === 0);
    this.shares = new Shares(loaded.maps, loaded.checker);
    for (const netns of loaded.maps.pods.keys()) {
      const slot = loaded.maps.pods.get(netns)?.slot;
      if (slot !== undefined) this.namespaceByNetns.set(netns, this.slots.nameOf(slot));
    }
  }

  get canScan(): boolean {
    return this.loaded.scanner !== undefined;
  }

  get describes(): boolean {
    return this.loaded.describer !== undefined;
  }

  configure(settings: DatapathSettings): void {
    const learns = settings.learn && this.canScan;
    const bits = settings.paths.map((path) => this.enums.known(this.enums.path, path));
    this.loaded.maps.settings.set(only, {
      abi: this.loaded.abi,
      mode: this.enums.known(this.enums.mode, settings.mode),
      paths: bits.reduce((a, b) => a | b, 0),
      spill_bytes: settings.spillBytes,
      ...this.shares.limit(settings), // the schema allows no more than the SOCKHASH holds
      epoch: this.epoch() + epochStep, // ends that an earlier setting kept on TCP check again
      learns: learns ? 1 : 0,
      warm_up: settings.learn && !learns ? warmUp : 0,
      unwatched: this.watching === 'Never' ? 1 : 0,
      watch: this.watch,
    });
  }

  select(pods: readonly DatapathPod[], neighbours: readonly string[], ownKernels: readonly string[] = []): string[] {
    const wanted = new Set(pods.map((pod) => pod.namespace));
    const refused = new Set<string>();
    const entries = new Map<number, Pod>();
    for (const pod of pods) {
      const slot = this.slots.take(pod.namespace, wanted);
      if (slot === undefined) refused.add(pod.namespace);
      else entries.set(pod.netns, { slot, shaped: pod.shaped ? 1 : 0 });
    }
    const taken = pods.filter((pod) => entries.has(pod.netns));
    this.writeAddresses(taken, neighbours, ownKernels);
    this.shares.keepFor(new Set(entries.keys()));
    // An agent that ended between the two writes has not advanced the epoch. So the first call of a process always does.
    if (this.writePods(entries) || !this.selectedBefore) this.advanceEpoch();
    this.selectedBefore = true;
    for (const [netns, file] of this.netnsFiles) this.formerFiles.set(netns, file);
    this.netnsFiles.clear();
    for (const pod of taken) {
      this.netnsFiles.set(pod.netns, pod.netnsFile);
      this.formerFiles.delete(pod.netns);
    }
    return [...refused].sort();
  }

  snapshot(): DatapathSnapshot {
    const { draining, leavingSockets } = this.draining();
    const namespaces = [...this.slots.entries()].map(([name, slot]) => countersOf(name, this.statistics(slot), this.enums, draining.get(name) ?? 0));
    const drainingSockets = [...draining.values()].reduce((a, b) => a + b, 0);
    const taken = this.shares.taken();
    const reached = this.shares.reached((netns) => this.namespaceByNetns.get(netns));
    return { namespaces, joinedSockets: taken.sockets, drainingSockets, leavingSockets, taken, reached };
  }

  reclaim(): void {
    this.shares.payDebts();
    this.scanFormer();
    this.formerVersions.release();
  }

  scan(namespaces?: ReadonlySet<string>, watched = true): ScanResult {
    const found = this.scanAll(namespaces);
    const unknownReaders = found.filter(({ finding }) => finding === this.enums.unknownReader);
    const steps = found.filter(({ finding }) => finding === this.enums.step).length;
    if (!watched) return { steps, unknownReaders: unknownReaders.length };
    return { steps: steps + unknownReaders.filter((each) => this.prove(each)).length, unknownReaders: 0 };
  }

  get watching(): Watching {
    return this.loaded.readers.watching;
  }

  get seenBy(): ReadonlyMap<ReaderTrait, WatchWay> {
    return this.loaded.readers.seenBy;
  }

  watchReaders(on: boolean): void {
    this.loaded.readers.set(on);
    this.watches++;
    this.watched = on;
    this.amend({ watch: this.watch });
  }

  *connections(limit: number): Generator<JoinedConnection> {
    for (const cookie of this.loaded.maps.origdsts.keys(limit)) {
      const row = this.loaded.maps.origdsts.get(cookie);
      if (row === undefined) continue; // the connection has closed meanwhile
      yield {
        namespace: this.slots.nameOf(row.slot),
        ...joinedOf(row, this.enums),
        client: textOf(row.client),
        learnt: row.origin === this.enums.rendezvous ? 'rendezvous' : 'helper',
      };
    }
  }

  describe(netns: number): Iterable<DescribedEnd[]> | undefined {
    const { describer } = this.loaded;
    const file = this.netnsFiles.get(netns);
    if (describer === undefined || file === undefined) return undefined;
    const walk = inNamespace(file, netns, () => describer.start());
    return walk === undefined ? undefined : this.described(describer, walk);
  }

  release(): void {
    this.formerVersions.releaseAll();
    unpinAll(this.loaded.folder);
    this.close();
  }

  close(): void {
    this.loaded.close();
  }

  private *described(describer: SocketIterator<Description>, walk: number): Generator<DescribedEnd[]> {
    for (const ends of describer.readSome(walk)) yield ends.map((each) => describedOf(each, this.loaded.maps, this.enums));
  }

  /** The programs compare this number to find out whether a reader was watched all the time. */
  private get watch(): number {
    return this.watching === 'Always' ? 1 : this.watched ? this.watches : 0;
  }

  /** Stores that a program of the container was seen to read `proven` bytes at once. True where the largest size that was known is smaller. */
  private prove({ container, proven }: ScanRecord): boolean {
    const { seenReaders } = this.loaded.maps;
    if ((seenReaders.get(container) ?? 0) >= Math.max(1, proven)) return false;
    seenReaders.set(container, Math.max(1, proven));
    return true;
  }

  private scanAll(namespaces: ReadonlySet<string> | undefined): ScanRecord[] {
    const { scanner } = this.loaded;
    if (scanner === undefined) return [];
    const found: ScanRecord[] = [];
    for (const [netns, file] of this.netnsFiles) {
      if (namespaces?.has(this.namespaceByNetns.get(netns) ?? '') === false) continue;
      const walk = inNamespace(file, netns, () => scanner.start());
      if (walk === undefined) continue;
      for (const record of scanner.read(walk)) found.push(record);
    }
    return found;
  }

  /** Scans one pod that is no longer selected, so that its idle connections give their leases back. Each call takes the next such pod. */
  private scanFormer(): void {
    const { scanner } = this.loaded;
    const [former] = this.formerFiles;
    if (scanner === undefined || former === undefined) return;
    const [netns, file] = former;
    this.formerFiles.delete(netns);
    const walk = this.shares.holdsUnread(netns) ? inNamespace(file, netns, () => scanner.start()) : undefined;
    if (walk === undefined) return; // no lease is held, or the pod has ended
    scanner.read(walk);
    this.formerFiles.set(netns, file);
  }

  private statistics(slot: number): Statistics {
    const statistics = this.loaded.maps.statistics.get(slot);
    if (statistics === undefined) throw new Error(`look up in map statistics: no slot ${slot}`);
    return statistics;
  }

  private epoch(): bigint {
    return this.loaded.maps.settings.get(only)?.epoch ?? 0n;
  }

  /** Open connections check their pods again when the epoch has changed. */
  private advanceEpoch(): void {
    this.amend({});
  }

  /** Changes some of the settings that are in force, and advances their epoch. */
  private amend(change: Partial<Settings>): void {
    const settings = this.loaded.maps.settings.get(only);
    if (settings !== undefined) this.loaded.maps.settings.set(only, { ...settings, ...change, epoch: settings.epoch + epochStep });
  }

  /**
   * Sockets with unread redirected bytes by Kubernetes namespace, and sockets that have to leave the SOCKHASH. Not asked while acceleration is on.
   */
  private draining(): { readonly draining: ReadonlyMap<string, number>; readonly leavingSockets: number } {
    const draining = new Map<string, number>();
    const mode = this.loaded.maps.settings.get(only)?.mode;
    if (mode === this.enums.mode.get('Accelerate')) return { draining, leavingSockets: 0 };
    this.scanLeaving();
    const found = this.shares.taken().sockets === 0 ? [] : this.loaded.checker.run();
    for (const { netns } of found.filter(({ finding }) => finding !== this.enums.leaving)) {
      const namespace = this.namespaceByNetns.get(netns) ?? '';
      draining.set(namespace, (draining.get(namespace) ?? 0) + 1);
    }
    return { draining, leavingSockets: this.loaded.leaves ? found.length : 0 };
  }

  /**
   * Scans while the mode redirects nothing. Only scans take connections that send nothing out of the SOCKHASH, and count the bytes of connections
   * that have left it.
   */
  private scanLeaving(): void {
    if (!this.loaded.leaves || (this.shares.taken().sockets === 0 && performance.now() < this.nextScanLeaving)) return;
    this.nextScanLeaving = performance.now() + scanLeavingEveryMs;
    this.scanAll(undefined);
  }

  private writePods(entries: ReadonlyMap<number, Pod>): boolean {
    const { pods } = this.loaded.maps;
    let changed = false;
    for (const netns of [...pods.keys()].filter((known) => !entries.has(known))) {
      pods.delete(netns);
      this.namespaceByNetns.delete(netns);
      changed = true;
    }
    for (const [netns, pod] of entries) {
      const before = pods.get(netns);
      if (before?.slot === pod.slot && before.shaped === pod.shaped) continue;
      pods.set(netns, pod);
      this.namespaceByNetns.set(netns, this.slots.nameOf(pod.slot));
      changed = true;
    }
    return changed;
  }

  private writeAddresses(selected: readonly DatapathPod[], neighbours: readonly string[], ownKernels: readonly string[]): void {
    const { addresses } = this.loaded.maps;
    const [own = 0, neighbour = 0, ownKernel = 0] = ['SELECTED', 'NEIGHBOUR', 'OWN_KERNEL'].map((name) =>
      this.enums.known(this.enums.location, name),
    );
    const locations = new Map<string, { readonly location: number; readonly netns: number }>();
    for (const text of neighbours) locations.set(addressBytes(text).toString('hex'), { location: neighbour, netns: 0 });
    for (const text of ownKernels) locations.set(addressBytes(text).toString('hex'), { location: ownKernel, netns: 0 });
    for (const { addresses: texts, netns } of selected) {
      for (const key of texts.map((text) => addressBytes(text).toString('hex'))) {
        const other = locations.get(key);
        // Separate networks may use one address twice. Such an address does not tell its pod.
        const shared = other?.location === own && other.netns !== netns;
        locations.set(key, { location: own, netns: shared ? 0 : netns });
      }
    }
    for (const { bytes } of [...addresses.keys()].filter((key) => !locations.has(key.bytes.toString('hex')))) addresses.delete({ bytes });
    for (const [hex, location] of locations) addresses.set({ bytes: Buffer.from(hex, 'hex') }, location);
  }
}
