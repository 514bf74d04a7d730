// The programs a kernel may lack the means for: what they do is then left out, and everything else works.
import { structCodec } from './codec';
import { enumerator, type Btf } from './btf';
import type { Found } from './abi';
import { SocketIterator } from './iterators';
import { checkHandle, libbpf, type Handle } from './libbpf';

export const visitorProgram = 'visit_connections';
export const readerWatchers = ['on_splice', 'on_ioctl'];
/** Loaded where the kernel takes them. */
export const optionalPrograms = [visitorProgram, ...readerWatchers];

/**
 * Whether visits can do what they are for. They ask for callbacks by bpf_setsockopt(), which knows that option since 6.12
 * (net/core/filter.c, sol_tcp_sockopt()); iter/tcp itself is older, and would load.
 */
export function visitsWork(kernel: Btf): boolean {
  return enumerator(kernel, 'TCP_BPF_SOCK_OPS_CB_FLAGS') !== undefined;
}

/** Whether a loaded object carries its optional programs. */
export type FindProgram = (name: string) => Handle;

export function foundCodec(btf: Btf) {
  return structCodec<Found>(btf, 'found');
}

/** Attaches and detaches the tracepoints; where tracing is not to be had it stays off. */
export class ReaderWatch {
  private links: Handle[] = [];
  private refused = false;

  constructor(private readonly program: FindProgram) {}

  set(on: boolean): void {
    if (!on) this.close();
    else if (this.links.length === 0 && !this.refused) this.attach();
  }

  close(): void {
    for (const link of this.links) libbpf.destroyLink(link);
    this.links = [];
  }

  private attach(): void {
    try {
      for (const name of readerWatchers) this.links.push(checkHandle(`attach ${name}`, libbpf.attach(this.program(name))));
    } catch {
      this.refused = true; // no tracefs, or lockdown: libbpf has said so in the log
      this.close();
    }
  }
}

export function attachVisitor(program: FindProgram, btf: Btf): SocketIterator {
  return new SocketIterator(visitorProgram, program(visitorProgram), foundCodec(btf));
}
