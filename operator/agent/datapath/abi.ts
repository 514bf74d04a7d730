// The types of ebpf/abi.h that the agent uses: their members, their codecs by the object's BTF, and the pinned maps of such values.
import { connectionReasonNames, type ConnectionReason } from '../../api';
import type { Btf } from './btf';
import { enumerators, structCodec, u32Codec, u64Codec, type Codec, type StructOf } from './codec';
import { CounterMap } from './counterMap';
import { BpfMap } from './map';

const limits = { sockets: 'bigint', ends: 'bigint', unread: 'bigint' } as const;
const address = { bytes: 'bytes' } as const;
const endpoint = { address, port: 'number' } as const;

/** Every struct that the agent reads or writes, by its name in ebpf/abi.h. */
const structs = {
  settings: {
    abi: 'number',
    mode: 'number',
    paths: 'number',
    spill_bytes: 'number',
    node: limits,
    pod: limits,
    epoch: 'bigint',
    learns: 'number',
    warm_up: 'number',
    unwatched: 'number',
    watch: 'number',
  },
  share: { ...limits, held: 'bigint' },
  pod: { slot: 'number', shaped: 'number' },
  namespace_name: { name: 'bytes' },
  address,
  address_location: { location: 'number', netns: 'number' },
  reader_traits: { bits: 'number' },
  statistics: {
    reasons: 'bigints',
    gates: 'bigints',
    fast_bytes: 'bigint',
    tcp_bytes: 'bigint',
    adopted: 'bigint',
    left: 'bigint',
    woken: 'bigint',
    unseen: 'bigint',
    unfollowed: 'bigint',
  },
  scan_record: { finding: 'number', netns: 'number', container: 'bigint', proven: 'number' },
  socket_check: { finding: 'number', netns: 'number' },
  description: {
    cookie: 'bigint',
    peer_cookie: 'bigint',
    fast_bytes: 'bigint',
    tcp_bytes: 'bigint',
    rtt_us: 'number',
    netns: 'number',
    peer_netns: 'number',
    reason: 'number',
    local: endpoint,
    remote: endpoint,
    accepting: 'number',
    departures: 'number',
  },
  debt: { bytes: 'bigint', netns: 'number', reader: 'number' },
  origdst: {
    client_cookie: 'unused',
    slot: 'number',
    path: 'number',
    origin: 'number',
    client: endpoint,
    original: endpoint,
    redirected: endpoint,
  },
  kernel_features: {
    fionread: 'number',
    original_addr_helper: 'number',
    readonly_cast: 'number',
    scan_callbacks: 'number',
    rcvbuf_refuses: 'number',
  },
} as const;

type Structs = { readonly [N in keyof typeof structs]: StructOf<(typeof structs)[N]> };

export type Settings = Structs['settings'];
/** The most that a pod, or the node, may take. */
export type Limits = StructOf<typeof limits>;
/** How much of its limits a pod, or the node, has taken. */
export type Share = Structs['share'];
export type Pod = Structs['pod'];
export type Endpoint = StructOf<typeof endpoint>;
export type Statistics = Structs['statistics'];
/** What a scan has found out about one socket. */
export type ScanRecord = Structs['scan_record'];
/** What a check of the SOCKHASH has found out about one socket. */
export type SocketCheck = Structs['socket_check'];
/** One connection end, as an iterator describes it. */
export type Description = Structs['description'];
/** The lease of an end that closed while its messages lay unread. */
export type Debt = Structs['debt'];
export type OrigdstRow = Structs['origdst'];
/** What the running kernel has that not every kernel has. */
export type KernelFeatures = Structs['kernel_features'];

/** The codec of a struct by its name. @throws where the object's struct has other members */
export function codecOf<N extends keyof Structs>(btf: Btf, name: N): Codec<Structs[N]> {
  return structCodec(btf, name, structs[name]) as Codec<unknown> as Codec<Structs[N]>;
}

/** To be called before anything is loaded. @throws where a struct or an enum of the object is not as the agent knows it */
export function checkLayouts(btf: Btf): void {
  for (const name of Object.keys(structs) as (keyof Structs)[]) codecOf(btf, name);
  new Enums(btf);
}

/** `PEER_NOT_SELECTED` → `PeerNotSelected`. */
export function camel(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}

function isConnectionReason(name: string): name is ConnectionReason {
  return (connectionReasonNames as readonly string[]).includes(name);
}

/** The enums of the object. The constructor checks that its reasons are those of the API. */
export class Enums {
  readonly mode: ReadonlyMap<string, number>;
  readonly path: ReadonlyMap<string, number>;
  readonly location: ReadonlyMap<string, number>;
  readonly gates: readonly string[];
  readonly accelerated: number;
  readonly rendezvous: number;
  readonly step: number;
  readonly unknownReader: number;
  readonly leaving: number;
  /** Number of a reason → its name in the API. REASON_ACCELERATED and the bounds of the enum are left out. */
  readonly reasons: ReadonlyMap<number, ConnectionReason>;

  constructor(btf: Btf) {
    this.mode = this.camelled(btf, 'mode', 'MODE_');
    this.path = this.camelled(btf, 'path_kind', 'PATH_');
    this.location = enumerators(btf, 'location', 'LOCATION_');
    this.rendezvous = this.known(enumerators(btf, 'origin', 'ORIGIN_'), 'RENDEZVOUS');
    const findings = enumerators(btf, 'finding', 'FINDING_');
    this.step = this.known(findings, 'STEP');
    this.unknownReader = this.known(findings, 'UNKNOWN_READER');
    this.leaving = this.known(findings, 'LEAVING');
    const reasons = this.camelled(btf, 'reason', 'REASON_');
    this.accelerated = this.known(reasons, 'Accelerated');
    this.reasons = this.reasonsOf(reasons);
    this.gates = [...this.camelled(btf, 'gate', 'GATE_').keys()].filter((name) => name !== 'Count');
  }

  known(values: ReadonlyMap<string, number>, name: string): number {
    const value = values.get(name);
    if (value === undefined) throw new Error(`read BTF: no enumerator ${name}; the object is of another version`);
    return value;
  }

  private camelled(btf: Btf, name: string, prefix: string): ReadonlyMap<string, number> {
    return new Map([...enumerators(btf, name, prefix)].map(([key, value]) => [camel(key), value]));
  }

  private reasonsOf(numbers: ReadonlyMap<string, number>): ReadonlyMap<number, ConnectionReason> {
    const reasons = new Map<number, ConnectionReason>();
    for (const [name, value] of numbers) {
      if (['None', 'Accelerated', 'Count'].includes(name)) continue;
      if (!isConnectionReason(name)) throw new Error(`read BTF: reason ${name} is not in operator/api/reasons.ts`);
      reasons.set(value, name);
    }
    return reasons;
  }
}

/** The maps that the agent works with. @param fd finds the file descriptor of a map by its name */
export function bindMaps(btf: Btf, fd: (name: string) => number, cpus: number) {
  const map = <K, V>(name: string, key: Codec<K>, value: Codec<V>): BpfMap<K, V> => new BpfMap(name, fd(name), key, value);
  return {
    settings: map('settings_map', u32Codec, codecOf(btf, 'settings')),
    pods: map('pods', u32Codec, codecOf(btf, 'pod')),
    addresses: map('addresses', codecOf(btf, 'address'), codecOf(btf, 'address_location')),
    namespaces: map('namespaces', u32Codec, codecOf(btf, 'namespace_name')),
    statistics: new CounterMap('statistics', fd('statistics'), codecOf(btf, 'statistics'), cpus),
    seenReaders: map('seen_readers', u64Codec, u32Codec),
    usage: map('usage', u32Codec, codecOf(btf, 'share')),
    shares: map('shares', u32Codec, codecOf(btf, 'share')),
    debts: map('debts', u64Codec, codecOf(btf, 'debt')),
    origdsts: map('origdsts', u64Codec, codecOf(btf, 'origdst')),
  };
}

export type Maps = ReturnType<typeof bindMaps>;
