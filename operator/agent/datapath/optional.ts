// The programs a kernel may lack the means for: what they do is then left out, and everything else works.
import { structCodec } from './codec';
import { enumerator, type Btf } from './btf';
import type { Description, Found } from './abi';
import { SocketIterator } from './iterators';
import { checkHandle, libbpf, type Handle } from './libbpf';

export const visitorProgram = 'visit_connections';
export const readerWatchers = ['on_splice', 'on_ioctl'];
/** Iterators may read the storage of sockets since 5.11 (net/core/bpf_sk_storage.c), and ask for cookies since 5.12 (kernel/trace/bpf_trace.c). */
export const describerProgram = 'describe_connections';
/** Loaded where the kernel takes them. */
export const optionalPrograms = [visitorProgram, ...readerWatchers, describerProgram];

/** Which of them to load together, from the best choice to none. */
export function choicesOn(kernel: Btf): string[][] {
  const without = [[...readerWatchers, describerProgram], readerWatchers, [describerProgram], []];
  return visitsWork(kernel) ? [optionalPrograms, ...without] : without;
}

/**
 * Whether visits can do what they are for. They ask for callbacks by bpf_setsockopt(), which knows that option since 6.12
 * (net/core/filter.c, sol_tcp_sockopt()); iter/tcp itself is older, and would load.
 */
function visitsWork(kernel: Btf): boolean {
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

export function attachDescriber(program: FindProgram, btf: Btf): SocketIterator<Description> {
  return new SocketIterator(describerProgram, program(describerProgram), structCodec<Description>(btf, 'description'));
}

export function attachVisitor(program: FindProgram, btf: Btf): SocketIterator<Found> {
  return new SocketIterator(visitorProgram, program(visitorProgram), foundCodec(btf));
}
