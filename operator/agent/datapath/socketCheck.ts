// Checks sockets of the SOCKHASH by their cookies, by running the program check_sockets of ebpf/datapath.bpf.c.
import { codecOf, type SocketCheck } from './abi';
import { enumeratorOf, type Btf } from './btf';
import { u64Codec } from './codec';
import { runOver } from './libbpf';
import { BpfMap } from './map';

export class SocketChecker {
  private readonly first: number;
  private readonly places: number;
  private readonly record;
  private readonly sockets;

  /** @param program file descriptor of the program @param sockets file descriptor of the SOCKHASH */
  constructor(
    btf: Btf,
    private readonly program: number,
    sockets: number,
  ) {
    this.first = enumeratorOf(btf, 'CHECK_FIRST');
    this.places = enumeratorOf(btf, 'CHECK_PLACES');
    this.record = codecOf(btf, 'socket_check');
    // user space sees the value of a SOCKHASH as the cookie of the socket (net/core/sock_map.c, sock_hash_lookup_sys())
    this.sockets = new BpfMap('sockets', sockets, u64Codec, u64Codec);
  }

  /** The findings about all sockets of the SOCKHASH. A SOCKHASH that changes meanwhile may show a socket twice or not at all. */
  run(): SocketCheck[] {
    const cookies = [...new Set(this.sockets.keys())];
    const found: SocketCheck[] = [];
    for (let at = 0; at < cookies.length; at += this.places) for (const each of this.check(cookies.slice(at, at + this.places))) found.push(each);
    return found;
  }

  /** Gives back the debts of these sockets whose messages are read. */
  payDebts(cookies: readonly bigint[]): void {
    for (let at = 0; at < cookies.length; at += this.places) this.check(cookies.slice(at, at + this.places));
  }

  private check(cookies: readonly bigint[]): SocketCheck[] {
    const packet = Buffer.alloc(this.first + this.places * this.record.size);
    cookies.forEach((cookie, n) => packet.writeBigUInt64LE(cookie, this.first + n * this.record.size));
    runOver('check sockets', this.program, packet);
    const answers = cookies.map((cookie, n) => ({ cookie, at: this.first + n * this.record.size }));
    // the program leaves the cookie of a socket that is no longer there in its place
    const told = answers.filter(({ cookie, at }) => packet.readBigUInt64LE(at) !== cookie);
    return told.map(({ at }) => this.record.decode(packet, at)).filter(({ finding }) => finding !== 0);
  }
}
