// Installs parts on this machine, and the Debian packages that they need.
import { installParts, type Tools as PartTools } from '../../../release/tools/install';
import type { Progress } from '../../../release/tools/progress';
import { catalogue, type PartName, type ProgramName } from './catalogue';
import { missingPackages } from './packages';

/** The paths of the programs of the installed parts. */
export type Tools = PartTools<ProgramName>;

const everything = Object.keys(catalogue) as PartName[];

/**
 * Installs Debian packages and the given parts, and writes build/tools-timing.json.
 * @throws CommandError with the step, its last output and the path of its log
 */
export function installTools(progress: Progress, names: readonly PartName[] = everything): Promise<Tools> {
  return installParts(progress, Object.fromEntries(names.map((name) => [name, catalogue[name]])), missingPackages());
}
