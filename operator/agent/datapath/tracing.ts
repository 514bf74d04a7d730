// The file system in which tracepoints are found.
import koffi from 'koffi';
import { existsSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';

/** Where libbpf looks first (src/libbpf.c, tracefs_path()). */
const place = '/sys/kernel/tracing';

const mount = koffi
  .load('libc.so.6')
  .func('int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)');

/** Mounts it in this process's mount namespace, unless it is there. Returns one line where that fails, else undefined. */
export function mountTracing(): string | undefined {
  if (existsSync(`${place}/events`)) return undefined;
  if (mount('tracefs', place, 'tracefs', 0, null) === 0) return undefined;
  return `mount tracefs at ${place}: ${getSystemErrorName(-koffi.errno())}; system calls cannot be watched`;
}
