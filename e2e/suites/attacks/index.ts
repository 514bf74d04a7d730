// Every attack, in the order of the page.
import type { Attack } from './attack';
import { openConnections } from './memory/openConnections';
import { pinnedPages } from './memory/pinnedPages';
import { unreadMessages } from './memory/unreadMessages';
import { unreadOfPod, unreadOfPods } from './memory/unreadOfPods';
import { joinedConnections } from './places/joinedConnections';
import { liveWatches } from './places/liveWatches';
import { handshakesAtChannel, idleAtChannel } from './ports/crowdAtChannel';
import { halfHandshakes, idleAtLive, withoutCertificate } from './ports/crowdAtLive';
import { pings, rapidReset } from './ports/floodAtChannel';
import { idleAtAgent } from './ports/idleAtAgent';
import { halfRequestsAtHealth, idleAtHealth, pipelinedAtHealth, unreadMetrics } from './ports/idleAtHealth';
import { wrongTokens } from './ports/wrongTokens';
import { bandwidth } from './rules/bandwidth';
import { newRule } from './rules/newRule';
import { controlCharacters } from './trust/controlCharacters';
import { controllerToken } from './trust/controllerToken';
import { idleDuringRollout } from './trust/idleDuringRollout';
import { lyingNode } from './trust/lyingNode';
import { manyElements } from './trust/manyElements';

export const attacks: readonly Attack[] = [
  unreadMessages,
  unreadOfPod,
  unreadOfPods,
  pinnedPages,
  openConnections,
  joinedConnections,
  liveWatches,
  idleAtHealth,
  halfRequestsAtHealth,
  unreadMetrics,
  pipelinedAtHealth,
  idleAtAgent,
  idleAtLive,
  halfHandshakes,
  withoutCertificate,
  idleAtChannel,
  handshakesAtChannel,
  rapidReset,
  pings,
  wrongTokens,
  lyingNode,
  idleDuringRollout,
  manyElements,
  controlCharacters,
  controllerToken,
  bandwidth,
  newRule,
];
