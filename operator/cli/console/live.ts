// What the console shows beside the resource: how long TCP's round trips are now, and what the last bench found.
import { lastBench, rowsOf } from '../bench';
import type { Cluster } from '../cluster';
import { exitCode, Failure } from '../exit';
import { connectionsOf, silence } from '../live/source';

/** Either what is so now, or why that is not to be had. */
export type LiveNow =
  | { readonly roundTripMicroseconds: number | null; readonly open: number; readonly silent: readonly string[] }
  | { readonly problem: string };

/** A cluster that serves no live data, or not to this user, is shown without: only the question itself failing is an error. */
export async function liveNow(cluster: Cluster): Promise<LiveNow> {
  try {
    const { pods, silentNodes } = await connectionsOf(cluster, undefined, 0);
    const open = pods.reduce((sum, { connections }) => sum + connections.open, 0);
    const trips = pods.reduce((sum, { connections, roundTripMicroseconds }) => sum + connections.open * roundTripMicroseconds, 0);
    return { open, roundTripMicroseconds: open === 0 ? null : trips / open, silent: silence(silentNodes) };
  } catch (error) {
    if (error instanceof Failure && error.code === exitCode.error) return { problem: error.message };
    throw error;
  }
}

/** Null before the first one. */
export function benchOf({ server }: Cluster): object | null {
  const last = lastBench(server);
  if (last === undefined) return null;
  const { at, node, plan, fastShare } = last;
  return { at, node: node.name, connections: plan.connections, rounds: plan.rounds, fastShare, rows: rowsOf(last) };
}
