// The programs a kernel may lack the means for: what they do is then left out, and everything else works.
import { structCodec } from './codec';
import { enumerator, type Btf } from './btf';
import type { Description, ScanRecord } from './abi';
import { SocketIterator } from './iterators';
import type { Handle } from './libbpf';
import { plainWatchers, readWatcher } from './readers';

export const scannerProgram = 'scan_connections';
/** Iterators may read the storage of sockets since 5.11 (net/core/bpf_sk_storage.c), and ask for cookies since 5.12 (kernel/trace/bpf_trace.c). */
export const describerProgram = 'describe_connections';
/** Without these a node cannot be served. */
export const neededPrograms = ['on_sock_ops', 'on_message', 'on_segment', 'check_sockets'];
/** Loaded where the kernel takes them. */
export const optionalPrograms = [scannerProgram, describerProgram, readWatcher, ...plainWatchers];

/** Which of them to load together, from the best choice to none. */
export function choicesOn(kernel: Btf): string[][] {
  const iterators = [...(scanWorks(kernel) ? [[scannerProgram, describerProgram]] : []), [describerProgram], []];
  const watchers = [...(tellsRegisters(kernel) ? [[readWatcher, ...plainWatchers]] : []), plainWatchers, []];
  return iterators.flatMap((some) => watchers.map((others) => [...some, ...others]));
}

/**
 * Whether visits can do what they are for: iter/tcp holds the lock of the socket it shows, and may ask for its options,
 * since 5.15 (net/ipv4/tcp_ipv4.c, bpf_iter_tcp_get_func_proto()); before, joining sockets from it could deadlock.
 */
function scanWorks(kernel: Btf): boolean {
  return kernel.functions.has('bpf_iter_tcp_get_func_proto');
}

/** Whether programs may ask for the registers of a task's system call (5.15). */
function tellsRegisters(kernel: Btf): boolean {
  return enumerator(kernel, 'BPF_FUNC_task_pt_regs') !== undefined;
}

/** Whether a loaded object carries its optional programs. */
export type FindProgram = (name: string) => Handle;

export function attachDescriber(program: FindProgram, btf: Btf): SocketIterator<Description> {
  return new SocketIterator(describerProgram, program(describerProgram), structCodec<Description>(btf, 'description'));
}

export function attachScanner(program: FindProgram, btf: Btf): SocketIterator<ScanRecord> {
  return new SocketIterator(scannerProgram, program(scannerProgram), structCodec<ScanRecord>(btf, 'scan_record'));
}
