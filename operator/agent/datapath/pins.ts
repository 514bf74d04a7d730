// The pin directory below a BPF file system of the node. It has one folder for each map version.
import { existsSync, mkdirSync, readdirSync, rmdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bpffsMagic } from '../host';
import { DatapathRefused } from './contract';
import { forget, linkPin, releaseStale, switchOff, switchOffStale, unpinFolder } from './stale';

const ourFolder = /^abi-\d+$/;

export function folderOf(pins: string, abi: number): string {
  return join(pins, `abi-${abi}`);
}

/** Makes the folder of `abi`. @throws DatapathRefused where `pins` is not on a BPF file system */
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

/** Finishes a release of `folder` that was interrupted, because old maps must not be mixed with new ones. */
export function finishRelease(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0 || existsSync(join(folder, linkPin))) return;
  releaseStale(folder);
}

/** Switches off everything that is pinned below `pins`, of any version, without loading an object: for a node on which none loads. */
export function switchOffPinned(pins: string): void {
  for (const folder of foldersOf(pins)) switchOff(folder);
}

/** As switchOffPinned(), and then unpins everything. Live connections go on over TCP. */
export function releasePinned(pins: string): void {
  for (const folder of foldersOf(pins)) releaseStale(folder);
  unpinAll(pins);
}

function foldersOf(pins: string): string[] {
  const names = existsSync(pins) ? readdirSync(pins) : [];
  return names.filter((name) => ourFolder.test(name)).map((name) => join(pins, name));
}

/** To be called before anything is changed. @throws DatapathRefused for a folder that this product does not make */
export function refuseForeign(pins: string): void {
  const foreign = existsSync(pins) ? readdirSync(pins).find((name) => !ourFolder.test(name)) : undefined;
  if (foreign !== undefined) throw stale(join(pins, foreign), 'the name is not abi-<number>');
}

/**
 * Switches off the datapaths of other versions, and unpins those that are not needed any more. Their live connections go on over TCP, and the old
 * maps go when the last of them closes.
 * @returns the folders that are still needed
 * @throws DatapathRefused for a folder that is not understood
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

/** Unpins everything in `folder`, and removes it and each folder above it that is empty then, up to the root of the file system. */
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
