// Every attack, in the order of the page: a file each.
import type { Attack } from './attack';
import { idleAtHealth } from './ports/idleAtHealth';
import { controlCharacters } from './trust/controlCharacters';
import { controllerToken } from './trust/controllerToken';
import { lyingNode } from './trust/lyingNode';

export const attacks: readonly Attack[] = [
  idleAtHealth,
  lyingNode,
  controlCharacters,
  controllerToken,
];
