// Finds what a datapath still holds of connections that have ended; there should be nothing.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { attempt } from '../../../release/tools/command';

/** The maps in which every entry belongs to a connection; see ebpf/maps.h. */
const ofConnections = ['pending', 'candidates', 'sampled', 'pairing_results', 'origdsts', 'sockets'];

const rows = z.array(z.unknown());
const shown = z.array(z.object({ id: z.int() }));

/** The folders of pinned maps below a pin directory; none when nothing is pinned. */
export function pinFolders(pins: string): string[] {
  return existsSync(pins) ? readdirSync(pins).map((name) => join(pins, name)) : [];
}

/** The number of entries of each map that exists in this version and is not empty. */
export async function entriesLeft(folder: string): Promise<Record<string, number>> {
  const there = readdirSync(folder).filter((name) => ofConnections.includes(name));
  const counts: [string, number][] = [];
  for (const name of there) {
    const { stdout } = await attempt('bpftool', ['-j', 'map', 'dump', 'pinned', join(folder, name)]);
    const count = rows.parse(JSON.parse(stdout)).length;
    if (count > 0) counts.push([name, count]);
  }
  return Object.fromEntries(counts);
}

/** What is in a folder of pins; nothing where the agent has removed the folder meanwhile. */
function pinsIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The ids of all maps pinned in a folder. */
export async function mapIds(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of pinsIn(folder)) {
    const { code, stdout } = await attempt('bpftool', ['-j', 'map', 'show', 'pinned', join(folder, name)]);
    if (code === 0) found.push(z.object({ id: z.int() }).parse(JSON.parse(stdout)).id); // the folder has pinned links too, for which bpftool fails
  }
  return found;
}

/** Those of the maps that the kernel still has. */
export async function stillThere(ids: ReadonlySet<number>): Promise<number[]> {
  const { stdout } = await attempt('bpftool', ['-j', 'map', 'show']);
  return shown
    .parse(JSON.parse(stdout))
    .map(({ id }) => id)
    .filter((id) => ids.has(id));
}
