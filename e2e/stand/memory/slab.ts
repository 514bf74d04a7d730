// The slabs of the whole machine that the kernel cannot reclaim.
import { readFileSync } from 'node:fs';

/** In bytes (SUnreclaim of proc_meminfo(5)). */
export function unreclaimableSlab(): number {
  const [, kib] = /^SUnreclaim:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
  if (kib === undefined) throw new Error('read /proc/meminfo: the file has no SUnreclaim');
  return Number(kib) * 1024;
}
