// Fills a pinned map with entries that belong to no connection, as a node with very many connections would fill it.
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { anyValue, check, libbpf } from '../../../operator/agent/datapath/libbpf';
import { pinFolders } from '../../stand/agent/leftovers';
import { mapMemory } from './held';

/** @returns a function that removes the entries that the map still has */
export async function flood(pins: string, name: string): Promise<() => void> {
  const shape = (await mapMemory(pins)).find((each) => each.name === name);
  const [folder] = pinFolders(pins);
  if (shape === undefined || folder === undefined) throw new Error(`fill ${name}: it is not pinned at ${pins}`);
  const fd = check(`open ${name}`, libbpf.getPinned(join(folder, name)));
  const value = Buffer.alloc(shape.bytes_value);
  const keys: Buffer[] = [];
  for (let n = 0; n < shape.max_entries; n++) {
    const key = randomBytes(shape.bytes_key);
    if (libbpf.update(fd, key, value, anyValue) < 0) break; // the map is full; an LRU map never is
    keys.push(key);
  }
  return () => {
    for (const key of keys) libbpf.remove(fd, key);
    closeSync(fd);
  };
}
