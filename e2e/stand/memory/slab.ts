// Slabs that the kernel cannot take back, of the whole machine.
import { readFileSync } from 'node:fs';

/** Bytes (SUnreclaim of proc_meminfo(5)). */
export function unreclaimableSlab(): number {
  const [, kib] = /^SUnreclaim:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
  if (kib === undefined) throw new Error('read /proc/meminfo: it has no SUnreclaim');
  return Number(kib) * 1024;
}
