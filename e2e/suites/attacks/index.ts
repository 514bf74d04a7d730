// Every attack, in the order of the page: a file each.
import type { Attack } from './attack';
import { handshakesAtChannel, idleAtChannel } from './ports/crowdAtChannel';
import { halfHandshakes, idleAtLive, withoutCertificate } from './ports/crowdAtLive';
import { idleAtAgent } from './ports/idleAtAgent';
import { halfRequestsAtHealth, idleAtHealth, unreadMetrics } from './ports/idleAtHealth';
import { wrongTokens } from './ports/wrongTokens';
import { controlCharacters } from './trust/controlCharacters';
import { controllerToken } from './trust/controllerToken';
import { lyingNode } from './trust/lyingNode';

export const attacks: readonly Attack[] = [
  idleAtHealth,
  halfRequestsAtHealth,
  unreadMetrics,
  idleAtAgent,
  idleAtLive,
  halfHandshakes,
  withoutCertificate,
  idleAtChannel,
  handshakesAtChannel,
  wrongTokens,
  lyingNode,
  controlCharacters,
  controllerToken,
];
