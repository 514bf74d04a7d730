// Looks for parts that the machine already has: in KUBEBUILDER_ASSETS first, then on PATH.
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Part, VersionProbe } from './catalogue';
import { attempt } from './command';

/**
 * Finds all programs of a part, each in a version that can be used.
 * @returns where each program is, or undefined unless all of them were found
 */
export async function locate(part: Part): Promise<Map<string, string> | undefined> {
  if (part.probes.length === 0) return undefined;
  const found = new Map<string, string>();
  for (const probe of part.probes) {
    const path = await locateProgram(probe);
    if (path === undefined) return undefined;
    found.set(probe.program, path);
  }
  return found;
}

async function locateProgram(probe: VersionProbe): Promise<string | undefined> {
  for (const directory of searchDirectories()) {
    const path = join(directory, probe.program);
    if (!isExecutable(path)) continue;
    const { code, stdout, stderr } = await attempt(path, probe.args, { timeoutMs: 10_000 });
    if (code === 0 && probe.accepts.test(stdout + stderr)) return path;
  }
  return undefined;
}

function searchDirectories(): string[] {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const path = (process.env['PATH'] ?? '').split(':').filter((each) => each !== '' && !isPackageManagerShim(each));
  return assets === undefined ? path : [assets, ...path];
}

/** True for a directory that npm adds at the front of PATH; none of the parts is there. */
function isPackageManagerShim(directory: string): boolean {
  return dirname(directory).endsWith('node_modules');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
