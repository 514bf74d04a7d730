// The console's data beside the resource: TCP's round-trip time now, and the results of the last bench.
import { lastBench, rowsOf } from '../bench';
import type { Cluster } from '../cluster';
import { exitCode, Failure } from '../exit';
import { connectionsOf, silentNodeLines } from '../live/source';

/** The live data, or the reason why there is none. */
export type LiveNow =
  { readonly roundTripMicroseconds: number | null; readonly open: number; readonly silent: readonly string[] } | { readonly problem: string };

/** The mean round-trip time and the number of open connections. A cluster that serves no live data, or not to this user, gives `problem`. */
export async function liveNow(cluster: Cluster): Promise<LiveNow> {
  try {
    const { pods, silentNodes } = await connectionsOf(cluster, undefined, 0);
    const open = pods.reduce((sum, { connections }) => sum + connections.open, 0);
    const trips = pods.reduce((sum, { connections, roundTripMicroseconds }) => sum + connections.open * roundTripMicroseconds, 0);
    return { open, roundTripMicroseconds: open === 0 ? null : trips / open, silent: silentNodeLines(silentNodes) };
  } catch (error) {
    if (error instanceof Failure && error.code === exitCode.error) return { problem: error.message };
    throw error;
  }
}

/** The results of the last bench on this cluster; null before the first one. */
export function benchOf({ server }: Cluster): object | null {
  const last = lastBench(server);
  if (last === undefined) return null;
  const { at, node, plan, fastShare } = last;
  return { at, node: node.name, connections: plan.connections, rounds: plan.rounds, fastShare, rows: rowsOf(last) };
}
