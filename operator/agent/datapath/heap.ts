// Gives memory back to the kernel that the process no longer uses. Without this it stays with the process.
import koffi from 'koffi';

/** Of glibc, malloc_trim(3). */
const trim = koffi.load('libc.so.6').func('int malloc_trim(size_t pad)');

/**
 * To be called after libbpf has loaded an object. libbpf's copies of the kernel's types and of the object are 30 MB that are not needed again, and
 * about as much of V8's heap was needed only to start. Takes a tenth of a second. Without --expose-gc, V8 decides by itself when it collects.
 */
export function giveBackUnused(): void {
  globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
  trim(0);
}
