// One result of doctor: the check, its level, a message and a remedy.
import { oneLine } from '../../api';

export const levels = ['ok', 'warning', 'failure', 'skipped'] as const;
export type Level = (typeof levels)[number];

export interface Finding {
  /** cluster, rights, nodes, crd, controller, agents, resource or namespaces. */
  readonly check: string;
  readonly level: Level;
  /** The result in one line. */
  readonly message: string;
  /** What to do next; set for warnings and failures. */
  readonly remedy?: string;
}

// oneLine, because messages contain texts of kubelets and runtimes, which may have several lines.
export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message: oneLine(message) });
export const skipped = (check: string, message: string): Finding => ({ check, level: 'skipped', message: oneLine(message) });
export const warning = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: 'warning',
  message: oneLine(message),
  remedy: oneLine(remedy),
});
export const failure = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: 'failure',
  message: oneLine(message),
  remedy: oneLine(remedy),
});

/** The first three names, and the number of the others. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
