// How many connections load through the mesh opens: a request passes client → Envoy → Envoy → server.
import type { Protocol } from './load';

/** Connections that one request uses. */
export const hops = 3;
/** A connection is counted at each of its ends in a selected pod. */
export const ends = 2;

/** The ends that are open while all hops of so many client connections are. */
export function allEnds(connections: number): number {
  return hops * ends * connections;
}

/**
 * Whether all hops are open. For HTTP Envoy opens connections as it needs them, at most one for each of the client's; in
 * HTTP/2 one carries many requests.
 */
export function allHopsOpen(protocol: Protocol, connections: number, open: number): boolean {
  const all = allEnds(connections);
  const least = { tcp: all, http: all - ends * connections + 1, http2: ends * (connections + hops - 1) };
  return open >= least[protocol] && open <= all;
}
