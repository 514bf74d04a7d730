// A part: programs of others that are found on this machine, built or fetched; and helm, the one that packing needs.
import { join } from 'node:path';
import type { GoPrograms } from './golang';
import { versions } from './versions';

/** A program's own way of saying its version, and which versions serve as well as the pinned one. */
export interface VersionProbe {
  readonly program: string;
  readonly args: readonly string[];
  /** Matches the output of a version that will do. */
  readonly accepts: RegExp;
}

interface AnyPart {
  readonly version: string;
  readonly programs: readonly string[];
  /** How to tell that this machine has the part; none for what is copied into images, which must be the pinned one. */
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
