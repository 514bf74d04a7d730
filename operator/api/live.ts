// The live data of a cluster as the API server hands it out: an API group of its own, aggregated, with nothing stored behind it.
import { z } from 'zod';
import { group } from './constants';

export const liveGroup = `live.${group}`;
export const liveVersion = 'v1alpha1';
export const liveApiVersion = `${liveGroup}/${liveVersion}`;
export const liveApiService = `${liveVersion}.${liveGroup}`;
export const connectionsResource = 'connections';
/** Most connections of one answer. */
export const maxListedConnections = 5000;

const count = z.int().min(0);
const bytes = z.object({ fast: count, tcp: count });

/** One end of an open connection of a selected pod. Bytes are those this end has sent. */
export const liveConnection = z.object({
  apiVersion: z.string(),
  kind: z.literal('Connection'),
  /** The name is unique while the connection is open. */
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  pod: z.string(),
  node: z.string(),
  role: z.enum(['Connecting', 'Accepting']),
  local: z.string(),
  remote: z.string(),
  /** Once both ends know each other. */
  path: z.string().optional(),
  /** What the connecting end asked for, and where the rules of its pod sent it. */
  original: z.string().optional(),
  redirected: z.string().optional(),
  /** `namespace/pod` of the other end, if it is a selected pod of the same node. */
  peer: z.string().optional(),
  state: z.enum(['Accelerated', 'Tcp']),
  /** Why it runs over TCP; left out for a connection that is not counted by itself: one opened while the mode was Off, or a short one of which others are a sample. */
  reason: z.string().optional(),
  bytes,
  /** Smoothed, as TCP measured it last: it stands still while no data runs over TCP. */
  roundTripMicroseconds: count,
});

/** Sums over all open connections of one pod, listed or not. */
export const podTraffic = z.object({
  namespace: z.string(),
  name: z.string(),
  node: z.string(),
  connections: z.object({ open: count, accelerated: count }),
  bytes,
  roundTripMicroseconds: count,
});

/** A node whose connections are not in the answer, and why. */
export const silentNode = z.object({ name: z.string(), message: z.string() });

export const connectionList = z.object({
  apiVersion: z.string(),
  kind: z.literal('ConnectionList'),
  metadata: z.object({ resourceVersion: z.string(), remainingItemCount: count.optional() }),
  /** Those that have sent the most first. */
  items: z.array(liveConnection),
  pods: z.array(podTraffic),
  silentNodes: z.array(silentNode),
});

export const liveEventTypes = ['Opened', 'Paired', 'Left', 'Closed'] as const;
export type LiveEventType = (typeof liveEventTypes)[number];

/** One line of a watch: what happened to a connection, or (BOOKMARK) what is to be known about the watch itself. */
export const liveEvent = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: liveConnection.extend({ event: z.enum(liveEventTypes), time: z.iso.datetime() }) }),
  z.object({
    type: z.literal('BOOKMARK'),
    object: z.object({ silentNodes: z.array(silentNode), /** Events since the last bookmark that there was no room for. */ omitted: count }),
  }),
  z.object({ type: z.literal('ERROR'), object: z.object({ message: z.string() }) }),
]);

export type LiveConnection = z.infer<typeof liveConnection>;
export type PodTraffic = z.infer<typeof podTraffic>;
export type SilentNode = z.infer<typeof silentNode>;
export type ConnectionList = z.infer<typeof connectionList>;
export type LiveEvent = z.infer<typeof liveEvent>;
