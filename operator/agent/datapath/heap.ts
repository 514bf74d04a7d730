// Memory that is no longer used goes back to the kernel when it is told to, and else stays with the process.
import koffi from 'koffi';

/** Of glibc, malloc_trim(3). */
const trim = koffi.load('libc.so.6').func('int malloc_trim(size_t pad)');

/**
 * After libbpf has loaded an object: its copies of the kernel's types and of the object are 30 MB that nobody needs again, and as much
 * again of V8's heap holds what was needed to start. Takes a tenth of a second. Without --expose-gc V8 decides by itself when it collects.
 */
export function giveBackUnused(): void {
  globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
  trim(0);
}
