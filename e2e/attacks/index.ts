// Every attack, in the order of the page: a file each.
import type { Attack } from './attack';
import { idleAtHealth } from './ports/idleAtHealth';

export const attacks: readonly Attack[] = [
  idleAtHealth,
];
