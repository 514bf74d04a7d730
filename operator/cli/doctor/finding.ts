// One result of doctor: the check, its level, a message and a remedy.
import { oneLine, shortened } from '../../api';

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

/** Longest message and remedy, in UTF-16 code units; texts of the cluster are longer only to hide what is around them. */
const longestText = 1_000;

// Messages contain texts of kubelets and runtimes, which may have several lines, and names of any length, such as those of images.
const bounded = (text: string): string => oneLine(shortened(text, longestText));
export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message: bounded(message) });
export const skipped = (check: string, message: string): Finding => ({ check, level: 'skipped', message: bounded(message) });
export const warning = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: 'warning',
  message: bounded(message),
  remedy: bounded(remedy),
});
export const failure = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: 'failure',
  message: bounded(message),
  remedy: bounded(remedy),
});

/** The first three names, each of at most 253 code units as Kubernetes has them, and the number of the others. */
export function named(names: readonly string[]): string {
  const shown = names
    .slice(0, 3)
    .map((name) => shortened(name, 253))
    .join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
