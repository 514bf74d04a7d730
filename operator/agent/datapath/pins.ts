// The pin directory: one folder a map version below a BPF file system, private to the node.
import { existsSync, mkdirSync, readdirSync, rmdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bpffsMagic } from '../host';
import { DatapathRefused } from './contract';
import { forget, linkPin, releaseStale, switchOff, switchOffStale, unpinFolder } from './stale';

const ourFolder = /^abi-\d+$/;

export function folderOf(pins: string, abi: number): string {
  return join(pins, `abi-${abi}`);
}

/** Makes the folder of `abi`. Throws DatapathRefused where `pins` is not on a BPF file system. */
export function preparePins(pins: string, abi: number): string {
  const folder = folderOf(pins, abi);
  let parent = pins;
  while (!existsSync(parent)) parent = dirname(parent);
  if (!isBpffs(parent)) {
    throw new DatapathRefused('NoBpffs', `pin maps at ${pins}: not on a BPF file system; mount one with: mount -t bpf bpf /sys/fs/bpf`);
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** What a release that was interrupted has left of `folder` is finished: maps of two lives must not be mixed. */
export function finishRelease(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0 || existsSync(join(folder, linkPin))) return;
  releaseStale(folder);
}

/** Switches off whatever is pinned below `pins`, of any version, without loading anything: the way out when nothing loads. */
export function switchOffPinned(pins: string): void {
  for (const folder of foldersOf(pins)) switchOff(folder);
}

/** The same, and then forgets it; live connections go on over TCP. */
export function releasePinned(pins: string): void {
  for (const folder of foldersOf(pins)) releaseStale(folder);
  unpinAll(pins);
}

function foldersOf(pins: string): string[] {
  const names = existsSync(pins) ? readdirSync(pins) : [];
  return names.filter((name) => ourFolder.test(name)).map((name) => join(pins, name));
}

/** Throws DatapathRefused for a folder that is not one of ours: to be asked before anything is changed. */
export function refuseForeign(pins: string): void {
  const foreign = existsSync(pins) ? readdirSync(pins).find((name) => !ourFolder.test(name)) : undefined;
  if (foreign !== undefined) throw stale(join(pins, foreign), 'the name is not abi-<number>');
}

/**
 * Turns off the datapaths of other versions and forgets those that are not needed any more. Live connections of these keep running over
 * TCP and take the old maps with them when they close. Throws DatapathRefused for a folder that is not understood.
 * @returns the folders of those that are needed
 */
export function releaseOthers(pins: string, abi: number, needed: (folder: string) => boolean = () => false): string[] {
  const names = existsSync(pins) ? readdirSync(pins) : [];
  const others = names.map((name) => join(pins, name)).filter((folder) => folder !== folderOf(pins, abi));
  return others.filter((folder) => !releaseUnlessNeeded(folder, needed));
}

function releaseUnlessNeeded(folder: string, needed: (folder: string) => boolean): boolean {
  try {
    switchOffStale(folder);
    if (needed(folder)) return false;
    forget(folder);
    return true;
  } catch (error) {
    throw stale(folder, error instanceof Error ? error.message : String(error));
  }
}

function stale(folder: string, cause: string): DatapathRefused {
  return new DatapathRefused('StalePins', `take over from ${folder}: ${cause}; if nothing else uses it, remove it: rm -r ${folder}`);
}

/** Unpins everything in `folder` and removes it, and what is left empty above it below the root of the file system. */
export function unpinAll(folder: string): void {
  if (existsSync(folder)) unpinFolder(folder);
  for (let at = folder; isBpffs(dirname(at)); at = dirname(at)) {
    if (!existsSync(at)) continue;
    if (readdirSync(at).length > 0) return;
    rmdirSync(at);
  }
}

function isBpffs(path: string): boolean {
  return existsSync(path) && statfsSync(path).type === bpffsMagic;
}
