// Asking the kernel about the sockets of the SOCKHASH, by their cookies: look_at_sockets() of ebpf/datapath.bpf.c.
import type { SocketCheck } from './abi';
import { enumeratorOf, type Btf } from './btf';
import { structCodec, u64Codec } from './codec';
import { runOver } from './libbpf';
import { BpfMap } from './map';

export class SocketChecker {
  private readonly first: number;
  private readonly places: number;
  private readonly record;
  private readonly sockets;

  /** @param program and @param sockets descriptors of the program and of the SOCKHASH */
  constructor(btf: Btf, private readonly program: number, sockets: number) {
    this.first = enumeratorOf(btf, 'CHECK_FIRST');
    this.places = enumeratorOf(btf, 'CHECK_PLACES');
    this.record = structCodec<SocketCheck>(btf, 'socket_check');
    // user space sees a socket of the map as its cookie (net/core/sock_map.c, sock_hash_lookup_sys())
    this.sockets = new BpfMap('sockets', sockets, u64Codec, u64Codec);
  }

  /** What was found of all sockets of which there is something to say. A map that changes meanwhile may tell of one twice or not. */
  run(): SocketCheck[] {
    const cookies = [...new Set(this.sockets.keys())];
    const found: SocketCheck[] = [];
    for (let at = 0; at < cookies.length; at += this.places) found.push(...this.check(cookies.slice(at, at + this.places)));
    return found;
  }

  /** Has what closed ends left at these sockets given back, as far as it is read. */
  payDebts(cookies: readonly bigint[]): void {
    for (let at = 0; at < cookies.length; at += this.places) this.check(cookies.slice(at, at + this.places));
  }

  private check(cookies: readonly bigint[]): SocketCheck[] {
    const packet = Buffer.alloc(this.first + this.places * this.record.size);
    cookies.forEach((cookie, n) => packet.writeBigUInt64LE(cookie, this.first + n * this.record.size));
    runOver('check sockets', this.program, packet);
    const answers = cookies.map((cookie, n) => ({ cookie, at: this.first + n * this.record.size }));
    // a socket that has left meanwhile leaves its cookie in the place
    const told = answers.filter(({ cookie, at }) => packet.readBigUInt64LE(at) !== cookie);
    return told.map(({ at }) => this.record.decode(packet, at)).filter(({ finding }) => finding !== 0);
  }
}
