// The values of the pinned maps as TypeScript sees them, and their codecs from the object's BTF.
import { connectionReasonNames, type ConnectionReason } from '../../api';
import type { Btf } from './btf';
import { enumerators, structCodec, u32Codec, u64Codec, type Codec } from './codec';
import { CounterMap } from './counterMap';
import { BpfMap } from './map';

export interface Settings {
  readonly abi: number;
  readonly mode: number;
  readonly paths: number;
  readonly spill_bytes: number;
  readonly node: Limits;
  readonly pod: Limits;
  readonly epoch: bigint;
  readonly learns: number;
  readonly warm_up: number;
  readonly unwatched: number;
  readonly watch: number;
}

/** What is bounded for a pod and for the node. */
export interface Limits {
  readonly sockets: bigint;
  readonly ends: bigint;
  readonly unread: bigint;
}

/** What one of them has of it. */
export type Share = Limits;

export interface Pod {
  readonly slot: number;
  /** 1 where the pod's bandwidth is limited. */
  readonly shaped: number;
}

export interface Endpoint {
  readonly address: { readonly bytes: Buffer };
  readonly port: number;
}

export interface Statistics {
  readonly reasons: readonly bigint[];
  readonly gates: readonly bigint[];
  readonly fast_bytes: bigint;
  readonly tcp_bytes: bigint;
  readonly adopted: bigint;
  readonly left: bigint;
  readonly woken: bigint;
  readonly unseen: bigint;
}

/** What an iterator wrote about one socket. */
export interface ScanRecord {
  readonly finding: number;
  readonly netns: number;
  readonly container: bigint;
  /** Of a stranger: bytes that it has read at once. */
  readonly proven: number;
}

/** What was found of a socket in the SOCKHASH. */
export interface SocketCheck {
  readonly finding: number;
  readonly netns: number;
}

/** What an iterator wrote about one connection end; an int of one byte is a number. */
export interface Description {
  readonly cookie: bigint;
  readonly peer_cookie: bigint;
  readonly fast_bytes: bigint;
  readonly tcp_bytes: bigint;
  readonly rtt_us: number;
  readonly netns: number;
  readonly peer_netns: number;
  readonly reason: number;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly accepting: number;
  readonly departures: number;
}

/** What an end that closed has left unread at another socket. */
export interface Debt {
  readonly bytes: bigint;
  readonly netns: number;
}

export interface OrigdstRow {
  readonly slot: number;
  readonly path: number;
  readonly origin: number;
  readonly client: Endpoint;
  readonly original: Endpoint;
  readonly redirected: Endpoint;
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

/** The enums of the object, and a check that its standings are reasons the API knows. */
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
  /** Standing number → reason; the accelerated standing and the bounds of the enum are none. */
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

  private reasonsOf(reasons: ReadonlyMap<string, number>): ReadonlyMap<number, ConnectionReason> {
    const reasons = new Map<number, ConnectionReason>();
    for (const [name, value] of reasons) {
      if (['None', 'Accelerated', 'Count'].includes(name)) continue;
      if (!isConnectionReason(name)) throw new Error(`read BTF: reason ${name} is no reason in operator/api/reasons.ts`);
      reasons.set(value, name);
    }
    return reasons;
  }
}

/** The maps user space works with, over file descriptors found by name. */
export function bindMaps(btf: Btf, fd: (name: string) => number, cpus: number) {
  const map = <K, V>(name: string, key: Codec<K>, value: Codec<V>): BpfMap<K, V> => new BpfMap(name, fd(name), key, value);
  return {
    settings: map('settings_map', u32Codec, structCodec<Settings>(btf, 'settings')),
    pods: map('pods', u32Codec, structCodec<Pod>(btf, 'pod')),
    addresses: map('addresses', structCodec<{ bytes: Buffer }>(btf, 'address'), structCodec<{ location: number; netns: number }>(btf, 'address_location')),
    namespaces: map('namespaces', u32Codec, structCodec<{ name: Buffer }>(btf, 'namespace_name')),
    statistics: new CounterMap('statistics', fd('statistics'), structCodec<Statistics>(btf, 'statistics'), cpus),
    seenReaders: map('seen_readers', u64Codec, u32Codec),
    usage: map('usage', u32Codec, structCodec<Share>(btf, 'share')),
    shares: map('shares', u32Codec, structCodec<Share>(btf, 'share')),
    debts: map('debts', u64Codec, structCodec<Debt>(btf, 'debt')),
    origdsts: map('origdsts', u64Codec, structCodec<OrigdstRow>(btf, 'origdst')),
  };
}

export type Maps = ReturnType<typeof bindMaps>;
