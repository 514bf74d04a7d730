// What the datapath holds: the entries of its maps, and the memory that the kernel accounts to the maps.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from '../../../release/tools/command';
import { entriesLeft, pinFolders } from '../../stand/agent/leftovers';

/** Entries of connections by map, without empty maps. A joined connection has more than one entry. */
export async function entriesHeld(pins: string): Promise<Record<string, number>> {
  const [folder] = pinFolders(pins);
  if (folder === undefined) throw new Error(`count entries: nothing is pinned at ${pins}`);
  return entriesLeft(folder);
}

/** What bpftool shows of a pinned map. `bytes_memlock` is the kernel's map_mem_usage since 6.4, and an estimate of the kernel before. */
const shown = z.object({
  name: z.string(),
  type: z.string().optional(),
  bytes_key: z.int(),
  bytes_value: z.int(),
  max_entries: z.int(),
  bytes_memlock: z.int(),
});
export type MapMemory = z.infer<typeof shown>;

export async function mapMemory(pins: string): Promise<MapMemory[]> {
  const [folder] = pinFolders(pins);
  if (folder === undefined) throw new Error(`measure maps: nothing is pinned at ${pins}`);
  const maps: MapMemory[] = [];
  for (const name of readdirSync(folder).filter((each) => !each.endsWith('_link'))) {
    maps.push(shown.parse(JSON.parse(await run('bpftool', ['-j', 'map', 'show', 'pinned', join(folder, name)]))));
  }
  return maps;
}
