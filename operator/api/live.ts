// The objects of the aggregated API live.acceleration.dev: open connections and their events. The controller answers from what the
// agents read at that moment; nothing is stored.
import { z } from 'zod';
import { group } from './constants';

export const liveGroup = `live.${group}`;
export const liveVersion = 'v1alpha1';
export const liveApiVersion = `${liveGroup}/${liveVersion}`;
export const liveApiService = `${liveVersion}.${liveGroup}`;
export const connectionsResource = 'connections';
/** Most connections in one response. */
export const maxListedConnections = 5000;
/** What `peer` says of a pod outside the namespace that was asked about. It has no slash, so no pod can be called so. */
export const foreignPeer = 'a pod of another namespace';

const count = z.int().min(0);
const bytes = z.object({ fast: count, tcp: count });

/** One end of an open connection of a selected pod. `bytes` counts what this end has sent. */
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
  /** PodLocal or NodeLocal; missing until the two ends are paired. */
  path: z.string().optional(),
  /** The destination that the connecting program asked for, and the one that the pod's iptables rules changed it to. */
  original: z.string().optional(),
  redirected: z.string().optional(),
  /**
   * `namespace/pod` of the other end, if that is a selected pod of the same node. In an answer about one namespace, a pod of another namespace is
   * not named: `foreignPeer` stands for it.
   */
  peer: z.string().optional(),
  state: z.enum(['Accelerated', 'Tcp']),
  /**
   * Why the connection runs over TCP. Missing for a connection that the datapath does not follow: one that was opened while the mode was Off,
   * or a short-lived one that was not drawn for the sample (ADR 12).
   */
  reason: z.string().optional(),
  bytes,
  /** TCP's smoothed round-trip time. It does not change while no data is sent over TCP. */
  roundTripMicroseconds: count,
});

/** Sums over all open connections of one pod, also over those that the response has no room for. */
export const podTraffic = z.object({
  namespace: z.string(),
  name: z.string(),
  node: z.string(),
  connections: z.object({ open: count, accelerated: count }),
  bytes,
  roundTripMicroseconds: count,
});

/** A node whose connections are missing from the response, and why. */
export const silentNode = z.object({ name: z.string(), message: z.string() });

export const connectionList = z.object({
  apiVersion: z.string(),
  kind: z.literal('ConnectionList'),
  metadata: z.object({ resourceVersion: z.string(), remainingItemCount: count.optional() }),
  /** Sorted by bytes sent, most first. */
  items: z.array(liveConnection),
  pods: z.array(podTraffic),
  silentNodes: z.array(silentNode),
});

export const liveEventTypes = ['Opened', 'Paired', 'Left', 'Closed'] as const;
export type LiveEventType = (typeof liveEventTypes)[number];

/** One line of a watch: an event of a connection, or a BOOKMARK with nodes that do not answer and the number of omitted events. */
export const liveEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(['ADDED', 'MODIFIED', 'DELETED']),
    object: liveConnection.extend({ event: z.enum(liveEventTypes), time: z.iso.datetime() }),
  }),
  z.object({
    type: z.literal('BOOKMARK'),
    object: z.object({
      silentNodes: z.array(silentNode),
      /** Events since the last bookmark that were dropped because their buffer was full. */ omitted: count,
    }),
  }),
  z.object({ type: z.literal('ERROR'), object: z.object({ message: z.string() }) }),
]);

export type LiveConnection = z.infer<typeof liveConnection>;
export type PodTraffic = z.infer<typeof podTraffic>;
export type SilentNode = z.infer<typeof silentNode>;
export type ConnectionList = z.infer<typeof connectionList>;
export type LiveEvent = z.infer<typeof liveEvent>;
