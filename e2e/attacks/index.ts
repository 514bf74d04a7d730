// Every attack, in the order of the page: a file each.
import type { Attack } from './attack';
import { handshakesAtChannel, idleAtChannel } from './ports/crowdAtChannel';
import { halfHandshakes, idleAtLive, withoutCertificate } from './ports/crowdAtLive';
import { idleAtAgent } from './ports/idleAtAgent';
import { halfRequestsAtHealth, idleAtHealth, unreadMetrics } from './ports/idleAtHealth';
import { wrongTokens } from './ports/wrongTokens';

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
];
