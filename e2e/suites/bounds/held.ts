// What the datapath holds: entries of its maps, and the memory the kernel accounts to them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from '../../../release/tools/command';
import { entriesLeft, pinFolders } from '../../stand/agent/leftovers';

/** Entries of connections by map: only maps that hold any. Two ends that are joined hold more than one. */
export async function entriesHeld(pins: string): Promise<Record<string, number>> {
  const [folder] = pinFolders(pins);
  if (folder === undefined) throw new Error(`count entries: nothing is pinned at ${pins}`);
  return entriesLeft(folder);
}

/** What bpftool says of a pinned map; bytes as the kernel's map_mem_usage has them (6.4 on), else by its own estimate. */
const shown = z.object({
  name: z.string(), type: z.string().optional(), bytes_key: z.int(), bytes_value: z.int(), max_entries: z.int(), bytes_memlock: z.int(),
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
