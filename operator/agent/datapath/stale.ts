// Switches off a datapath of another map version. It uses only what every version keeps: the first two words of the settings (version, mode), and
// the names of the settings map, the SOCKHASH and the sock_ops link.
import { closeSync, existsSync, readFileSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { anyValue, check, libbpf } from './libbpf';

export const settingsPin = 'settings_map';
export const linkPin = 'sock_ops_link';
const socketsPin = 'sockets';
/** More than the key of any version. */
const keyRoom = 64;
const modeOffset = 4;
const modeOff = 0;

/** First switches off, so that nothing is redirected any more, then detaches and unpins. @throws where the folder is not understood */
export function releaseStale(folder: string): void {
  switchOffStale(folder);
  forget(folder);
}

/** @throws where the folder is not understood */
export function switchOffStale(folder: string): void {
  const names = readdirSync(folder);
  if (names.length > 0 && !names.includes(settingsPin)) throw new Error(`the folder has entries, but no pinned map ${settingsPin}`);
  if (names.includes(settingsPin)) switchOff(folder);
}

/** Unpins the maps and programs of a datapath that is switched off. */
export function forget(folder: string): void {
  unpinFolder(folder);
  rmdirSync(folder);
}

/** The link goes first and the settings go last, so that another agent can go on where this one is interrupted. */
export function unpinFolder(folder: string): void {
  const place = (name: string): number => (name === linkPin ? 0 : name === settingsPin ? 2 : 1);
  const names = readdirSync(folder).sort((a, b) => place(a) - place(b));
  for (const name of names) unlinkSync(join(folder, name));
}

/** The datapath pinned in `folder` redirects nothing any more. Needs neither its object nor its layout. */
export function switchOff(folder: string): void {
  const pin = join(folder, settingsPin);
  const fd = check(`open ${pin}`, libbpf.getPinned(pin));
  try {
    const value = Buffer.alloc(valueSize(fd));
    const key = Buffer.alloc(4);
    check(`read ${pin}`, libbpf.lookup(fd, key, value));
    value.writeUInt32LE(modeOff, modeOffset);
    check(`switch off ${pin}`, libbpf.update(fd, key, value, anyValue));
  } finally {
    closeSync(fd);
  }
}

/** Whether the SOCKHASH of the datapath pinned in `folder` holds sockets. Each socket leaves it when it closes. */
export function hasSockets(folder: string): boolean {
  const pin = join(folder, socketsPin);
  if (!existsSync(pin)) return false;
  const fd = check(`open ${pin}`, libbpf.getPinned(pin));
  try {
    return libbpf.nextKey(fd, null, Buffer.alloc(keyRoom)) === 0;
  } finally {
    closeSync(fd);
  }
}

/** Bytes of a map's value, by the fdinfo of its file descriptor (kernel/bpf/syscall.c, bpf_map_show_fdinfo). */
function valueSize(fd: number): number {
  const size = Number(/^value_size:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]);
  if (!Number.isInteger(size) || size < modeOffset + 4) throw new Error(`the pin ${settingsPin} is not a settings map`);
  return size;
}
