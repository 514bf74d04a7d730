// The file system that tracepoints are found in.
import koffi from 'koffi';
import { existsSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';

/** Where libbpf looks first (src/libbpf.c, tracefs_path()). */
const place = '/sys/kernel/tracing';

const mount = koffi.load('libc.so.6').func('int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)');

/** Mounts it for this process's mount namespace unless it is there; why it cannot, in one line, else undefined. */
export function mountTracing(): string | undefined {
  if (existsSync(`${place}/events`)) return undefined;
  if (mount('tracefs', place, 'tracefs', 0, null) === 0) return undefined;
  return `mount tracefs at ${place}: ${getSystemErrorName(-koffi.errno())}; system calls cannot be watched`;
}
