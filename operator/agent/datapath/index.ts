// The datapath as the agent uses it: pinned maps to write orders into and to read counters from.
import { addressBytes } from './address';
import { type Description, Enums, type Pod, type ScanRecord, type Settings, type Statistics } from './abi';
import { refuseTaken } from './attachments';
import type { Datapath, DatapathPod, DatapathSettings, DatapathSnapshot, DescribedEnd, JoinedConnection, ReaderTrait, OpenOptions, ScanResult, Watching, WatchWay } from './contract';
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
/** A walk takes 4 ms a pod. */
const countEveryMs = 10_000;
/** Messages of an end that go over TCP where nothing can be learnt: by then it has shown how it is read. */
const warmUp = 4;

/**
 * Loads the programs over what is pinned, or pins them for the first time. The kernel goes on with its last settings
 * until configure() says otherwise; a new datapath starts switched off.
 * Throws DatapathRefused where this node cannot be served; nothing is changed then.
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
  /** Of pods that are selected no more, while their connections hold something for unread messages. */
  private readonly formerFiles = new Map<number, string>();
  private selectedBefore = false;
  private nextCount = 0;
  private watched = false;
  /** Another number each time that it is watched, also after another agent. */
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
      ...this.shares.limit(settings), // at most what the SOCKHASH holds: the schema's range sees to it
      epoch: this.epoch() + 1n, // connections that an earlier setting kept out look again
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
    // The first time in a process also when nothing changed: the one before may have ended between the two writes.
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
    const namespaces = [...this.slots.entries()].map(([name, slot]) =>
      countersOf(name, this.statistics(slot), this.enums, draining.get(name) ?? 0),
    );
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
    const found = this.walk(namespaces);
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
    this.amend(() => ({ watch: this.watch }));
  }

  *connections(limit: number): Generator<JoinedConnection> {
    for (const cookie of this.loaded.maps.origdsts.keys(limit)) {
      const row = this.loaded.maps.origdsts.get(cookie);
      if (row === undefined) continue; // closed meanwhile
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

  /** What the programs compare to see that they were watched all the time. */
  private get watch(): number {
    return this.watching === 'Always' ? 1 : this.watched ? this.watches : 0;
  }

  /** Whether a container is known to read more than before. */
  private prove({ container, proven }: ScanRecord): boolean {
    const { seenReaders } = this.loaded.maps;
    if ((seenReaders.get(container) ?? 0) >= Math.max(1, proven)) return false;
    seenReaders.set(container, Math.max(1, proven));
    return true;
  }

  private walk(namespaces: ReadonlySet<string> | undefined): ScanRecord[] {
    const { scanner } = this.loaded;
    if (scanner === undefined) return [];
    const found: ScanRecord[] = [];
    for (const [netns, file] of this.netnsFiles) {
      if (namespaces?.has(this.namespaceByNetns.get(netns) ?? '') === false) continue;
      const walk = inNamespace(file, netns, () => scanner.start());
      if (walk !== undefined) found.push(...scanner.read(walk));
    }
    return found;
  }

  /** Connections of pods that are selected no more are visited for one thing: they give back what they do not need. One pod at a time, in turn. */
  private scanFormer(): void {
    const { scanner } = this.loaded;
    const [former] = this.formerFiles;
    if (scanner === undefined || former === undefined) return;
    const [netns, file] = former;
    this.formerFiles.delete(netns);
    const walk = this.shares.holdsUnread(netns) ? inNamespace(file, netns, () => scanner.start()) : undefined;
    if (walk === undefined) return; // nothing is held, or the pod has ended
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

  /** Open connections look their pods up again when the epoch has moved. */
  private advanceEpoch(): void {
    this.amend(({ epoch }) => ({ epoch: epoch + 1n }));
  }

  /** Changes a part of the settings that are in force. */
  private amend(change: (settings: Settings) => Partial<Settings>): void {
    const settings = this.loaded.maps.settings.get(only);
    if (settings !== undefined) this.loaded.maps.settings.set(only, { ...settings, ...change(settings) });
  }

  /** Sockets with unread redirected bytes, by namespace, and how many have to leave the map; while bytes are being joined that is no drain, and not asked. */
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

  /** While nothing is redirected: connections that carry no data leave the map by visits alone, and outside of it they are counted by visits. */
  private scanLeaving(): void {
    if (!this.loaded.leaves || (this.shares.taken().sockets === 0 && performance.now() < this.nextCount)) return;
    this.nextCount = performance.now() + countEveryMs;
    this.walk(undefined);
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
    const [own = 0, neighbour = 0, ownKernel = 0] = ['SELECTED', 'NEIGHBOUR', 'OWN_KERNEL'].map((name) => this.enums.known(this.enums.location, name));
    const places = new Map<string, { readonly location: number; readonly netns: number }>();
    for (const text of neighbours) places.set(addressBytes(text).toString('hex'), { location: neighbour, netns: 0 });
    for (const text of ownKernels) places.set(addressBytes(text).toString('hex'), { location: ownKernel, netns: 0 });
    for (const { addresses: texts, netns } of selected) {
      for (const key of texts.map((text) => addressBytes(text).toString('hex'))) {
        const other = places.get(key);
        // Networks of their own may use one address twice: then it says nothing of whose it is.
        const shared = other?.location === own && other.netns !== netns;
        places.set(key, { location: own, netns: shared ? 0 : netns });
      }
    }
    for (const { bytes } of [...addresses.keys()].filter((key) => !places.has(key.bytes.toString('hex')))) addresses.delete({ bytes });
    for (const [hex, place] of places) addresses.set({ bytes: Buffer.from(hex, 'hex') }, place);
  }
}
