// The number of connections that load through the mesh opens: a request passes client → Envoy → Envoy → server.
import type { Protocol } from './load';

/** The connections that a request passes. */
export const hops = 3;
/** The ends of a connection; the status counts each end that is in a selected pod. */
export const ends = 2;

/** The number of connection ends when all hops of this many client connections are open. */
export function allEnds(connections: number): number {
  return hops * ends * connections;
}

/**
 * Whether all hops are open. @param open connection ends. For HTTP, Envoy opens connections as it needs them, at most one for each connection
 * of the client; in HTTP/2 one connection carries many requests.
 */
export function allHopsOpen(protocol: Protocol, connections: number, open: number): boolean {
  const all = allEnds(connections);
  const least = { tcp: all, http: all - ends * connections + 1, http2: ends * (connections + hops - 1) };
  return open >= least[protocol] && open <= all;
}
