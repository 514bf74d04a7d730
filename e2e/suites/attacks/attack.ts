// An attack of `make test-attacks`, which is a row of the page: an attacker with few rights tries to harm a node, the cluster or an administrator.
import type { Stage } from './stage';

/** The place from which the attack is made. */
export type Attacker = 'pod' | 'namespace admin' | 'node' | 'pod network' | 'web page' | 'registry';

/** `short` shows within seconds that the bound holds; `full` measures the figures of the page. */
export type Size = 'short' | 'full';

export interface Attack {
  /** What the attacker does, and to what; the row has this name. */
  readonly name: string;
  readonly attacker: Attacker;
  /** What the attack did to the release that was audited, as measured at that time. */
  readonly before: string;
  /** `root`: the attack loads programs into the kernel or needs network namespaces of its own. */
  readonly needs?: 'root';
  /** Makes the attack on the real, compiled components, and cleans up. @throws when the attack could not be made */
  run(stage: Stage, size: Size): Promise<Outcome>;
}

export interface Outcome {
  /** What the attack cost the attacker, in words: connections, bytes, seconds. */
  readonly cost: string;
  /** What the attack did in this run, in words with the measured figures. */
  readonly now: string;
  /** The same figures by name, with the unit in the name. */
  readonly figures: Readonly<Record<string, number>>;
  /** The bounds that did not hold, in words; empty when all held. */
  readonly broken: readonly string[];
}

/** For `broken`: the words of each condition that is true. */
export function brokenBy(...found: readonly (readonly [boolean, string])[]): string[] {
  return found.filter(([is]) => is).map(([, words]) => words);
}
