// A part is a set of other people's programs that are found on this machine, built or downloaded. Packing needs one part: helm.
import { join } from 'node:path';
import type { GoPrograms } from './golang';
import { versions } from './versions';

/** How a program prints its version, and which versions can be used in place of the pinned one. */
export interface VersionProbe {
  readonly program: string;
  readonly args: readonly string[];
  /** Matches the output of a version that can be used. */
  readonly accepts: RegExp;
}

interface AnyPart {
  readonly version: string;
  readonly programs: readonly string[];
  /** How to find the part on this machine. Empty for programs that are copied into images, which must have the pinned version. */
  readonly probes: readonly VersionProbe[];
}

/** A part built from Go sources. */
export interface GoPart extends AnyPart {
  readonly kind: 'go';
  readonly build: GoPrograms;
}

/** A part that is downloaded: `fetch` puts its programs into `directory`/bin. */
export interface FetchedPart extends AnyPart {
  readonly kind: 'fetched';
  fetch(directory: string, logFile: string): Promise<void>;
}

export type Part = GoPart | FetchedPart;

export const helm = {
  kind: 'go',
  version: versions.helm,
  programs: ['helm'],
  probes: [{ program: 'helm', args: ['version', '--short'], accepts: /^v3\./ }],
  build: { module: join(__dirname, 'modules', 'helm'), packages: ['helm.sh/helm/v3/cmd/helm'] },
} as const satisfies Part;
