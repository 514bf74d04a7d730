// What a row of `make test-attacks` is: somebody who may do little tries to hurt a node, the cluster or an administrator.
import type { Stage } from './stage';

/** From whose place the attack is made. */
export type Attacker = 'pod' | 'namespace admin' | 'node' | 'pod network' | 'web page' | 'registry';

/** `short` shows in seconds that the bound holds; `full` has the figures of the page. */
export type Size = 'short' | 'full';

export interface Attack {
  /** What is done, to what: the row's name. */
  readonly name: string;
  readonly attacker: Attacker;
  /** What it did to the release that was audited, as it was measured then. */
  readonly before: string;
  /** `root`: for the kernel or other nodes' network namespaces. */
  readonly needs?: 'root';
  /** Makes the attack on the real, compiled parts and leaves nothing behind. @throws when it could not be made */
  run(stage: Stage, size: Size): Promise<Outcome>;
}

export interface Outcome {
  /** What the attacker had to spend, in words: connections, bytes, seconds. */
  readonly cost: string;
  /** What it did now, in words with the figures that were measured. */
  readonly now: string;
  /** The same figures by name, with the unit in the name. */
  readonly figures: Readonly<Record<string, number>>;
  /** What did not hold, in words; none: it holds. */
  readonly broken: readonly string[];
}

/** For `broken`: the words of those that are true. */
export function brokenBy(...found: readonly (readonly [boolean, string])[]): string[] {
  return found.filter(([is]) => is).map(([, words]) => words);
}
