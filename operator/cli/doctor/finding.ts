// One thing that doctor looked at, and what came of it.
import { oneLine } from '../../api';

export const levels = ['ok', 'warning', 'failure', 'skipped'] as const;
export type Level = (typeof levels)[number];

export interface Finding {
  /** What was looked at: cluster, rights, nodes, crd, controller, agents, resource, namespaces. */
  readonly check: string;
  readonly level: Level;
  /** What was found, in one line. */
  readonly message: string;
  /** What to do next; of warnings and failures. */
  readonly remedy?: string;
}

// The words may be those of kubelets and runtimes, and of several lines.
export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message: oneLine(message) });
export const skipped = (check: string, message: string): Finding => ({ check, level: 'skipped', message: oneLine(message) });
export const warning = (check: string, message: string, remedy: string): Finding => ({ check, level: 'warning', message: oneLine(message), remedy: oneLine(remedy) });
export const failure = (check: string, message: string, remedy: string): Finding => ({ check, level: 'failure', message: oneLine(message), remedy: oneLine(remedy) });

/** Names for a sentence: the first three, and how many more. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
