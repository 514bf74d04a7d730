// What a datapath still holds of connections that are over: it must be nothing.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { attempt } from '../../../release/tools/command';

/** The maps of which every entry belongs to a connection; ebpf/maps.h. */
const ofConnections = ['pending', 'candidates', 'briefs', 'joints', 'origdsts', 'sockets'];

const rows = z.array(z.unknown());
const shown = z.array(z.object({ id: z.int() }));

/** Folders of pinned maps below a pin directory; none where nothing is pinned. */
export function pinFolders(pins: string): string[] {
  return existsSync(pins) ? readdirSync(pins).map((name) => join(pins, name)) : [];
}

/** Entries by map: only maps that exist in this version, only those that hold any. */
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

/** The ids of all maps pinned in a folder. */
export async function mapIds(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of readdirSync(folder)) {
    const { code, stdout } = await attempt('bpftool', ['-j', 'map', 'show', 'pinned', join(folder, name)]);
    if (code === 0) found.push(z.object({ id: z.int() }).parse(JSON.parse(stdout)).id); // links are pinned here too
  }
  return found;
}

/** Which of the maps the kernel still has. */
export async function stillThere(ids: ReadonlySet<number>): Promise<number[]> {
  const { stdout } = await attempt('bpftool', ['-j', 'map', 'show']);
  return shown.parse(JSON.parse(stdout)).map(({ id }) => id).filter((id) => ids.has(id));
}
