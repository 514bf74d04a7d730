// The channel's messages for live data: requests (Watch) and answers (Watched), with their bounds.
import { z } from 'zod';
import { line, word } from './text';

/** Most connections, events or pods in one message. With the longest possible names they fill two thirds of a message. */
export const maxLiveRows = 500;
/** Most watches of one stream at the same time. */
export const maxWatches = 16;
/** Milliseconds after which a watch of events ends, so that a forgotten watch does not go on for ever. */
export const watchMs = 600_000;

const count = z.int().min(0);
const namespaceName = word(63);
const podName = word(253);
/** `[address]:port` of IPv6 is at most 47 characters. */
const endpoint = word(64);

/** `limit` has no bound here: the agent reduces a limit that is too large for it, since the controller may be newer. */
export const watch = z.object({
  id: count,
  namespace: namespaceName,
  pod: podName,
  limit: z.uint32(),
  events: z.boolean(),
  cancel: z.boolean(),
});

export const podTraffic = z.object({
  namespace: namespaceName,
  name: podName,
  open: count,
  accelerated: count,
  fastBytes: count,
  tcpBytes: count,
  rttUs: count,
});

/** `reason` and `path` are not enums: the agent may be newer and send values that the controller does not know. */
export const connection = z.object({
  id: word(128),
  namespace: namespaceName,
  pod: podName,
  local: endpoint,
  remote: endpoint,
  path: word(32),
  original: endpoint,
  redirected: endpoint,
  peer: word(320),
  accepting: z.boolean(),
  accelerated: z.boolean(),
  reason: word(64),
  fastBytes: count,
  tcpBytes: count,
  rttUs: count,
});

export const eventTypes = ['Opened', 'Paired', 'Left', 'Closed'] as const;
export type EventType = (typeof eventTypes)[number];

export const event = z.object({ type: word(32), connection });

export const watched = z.object({
  id: count,
  pods: z.array(podTraffic).max(maxLiveRows),
  connections: z.array(connection).max(maxLiveRows),
  events: z.array(event).max(maxLiveRows),
  omitted: count,
  problem: line(1024),
  last: z.boolean(),
});

export type Watch = z.infer<typeof watch>;
export type Watched = z.infer<typeof watched>;
export type PodTraffic = z.infer<typeof podTraffic>;
export type Connection = z.infer<typeof connection>;
export type LiveEvent = z.infer<typeof event>;
