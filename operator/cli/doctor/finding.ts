// One thing that doctor looked at, and what came of it.
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

export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message });
export const skipped = (check: string, message: string): Finding => ({ check, level: 'skipped', message });
export const warning = (check: string, message: string, remedy: string): Finding => ({ check, level: 'warning', message, remedy });
export const failure = (check: string, message: string, remedy: string): Finding => ({ check, level: 'failure', message, remedy });

/** Names for a sentence: the first three, and how many more. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
