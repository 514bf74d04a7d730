// The programs that not every kernel can load. Where one does not load, the agent works without it.
import { enumerator, type Btf } from './btf';
import { codecOf, type Description, type ScanRecord } from './abi';
import { SocketIterator } from './iterators';
import type { Handle } from './libbpf';
import { plainWatchers, readWatcher } from './readers';

export const scannerProgram = 'scan_connections';
/** Iterators may read the storage of sockets since 5.11 (net/core/bpf_sk_storage.c), and ask for cookies since 5.12 (kernel/trace/bpf_trace.c). */
export const describerProgram = 'describe_connections';
/** Without these programs a node cannot be accelerated. */
export const neededPrograms = ['on_sock_ops', 'on_message', 'on_segment', 'check_sockets'];
/** Programs that are loaded where the kernel takes them. */
export const optionalPrograms = [scannerProgram, describerProgram, readWatcher, ...plainWatchers];

/** The sets of optional programs to try, from the best to none. */
export function choicesOn(kernel: Btf): string[][] {
  const iterators = [...(scanWorks(kernel) ? [[scannerProgram, describerProgram]] : []), [describerProgram], []];
  const watchers = [...(tellsRegisters(kernel) ? [[readWatcher, ...plainWatchers]] : []), plainWatchers, []];
  return iterators.flatMap((some) => watchers.map((others) => [...some, ...others]));
}

/**
 * Whether scans can adopt connections. Since 5.15, iter/tcp holds the lock of the socket that it shows, and may read its options
 * (net/ipv4/tcp_ipv4.c, bpf_iter_tcp_get_func_proto()). On older kernels, joining a socket from it could deadlock.
 */
function scanWorks(kernel: Btf): boolean {
  return kernel.functions.has('bpf_iter_tcp_get_func_proto');
}

/** Whether programs may read the registers of a task's system call (5.15). */
function tellsRegisters(kernel: Btf): boolean {
  return enumerator(kernel, 'BPF_FUNC_task_pt_regs') !== undefined;
}

/** Finds a program of the loaded object by its name. */
export type FindProgram = (name: string) => Handle;

export function attachDescriber(program: FindProgram, btf: Btf): SocketIterator<Description> {
  return new SocketIterator(describerProgram, program(describerProgram), codecOf(btf, 'description'));
}

export function attachScanner(program: FindProgram, btf: Btf): SocketIterator<ScanRecord> {
  return new SocketIterator(scannerProgram, program(scannerProgram), codecOf(btf, 'scan_record'));
}
