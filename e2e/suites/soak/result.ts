// The result of a soak as it is kept in a file, from which the page is made.
import { join } from 'node:path';
import { z } from 'zod';
import { buildDirectory } from '../../../release/tools/paths';

/** Has one file for each run, named by the run's seed. */
export const resultsDirectory = join(buildDirectory, 'soak', 'results');

const count = z.int().min(0);

export const resultSchema = z.object({
  kernel: z.string(),
  cpus: count,
  /** The seed of each run. */
  seeds: z.array(count),
  seconds: z.number(),
  /** Payload bytes that arrived and were compared; each is counted once. */
  bytes: count,
  /** Bytes that were redirected; through a sidecar a byte is redirected up to three times. */
  fastBytes: count,
  /** Connections that left the map while they were open, because they had become one-way streams. */
  departures: count,
  /** Ends that joined while they were open. Only those are counted that were seen at a look, so there were more. */
  adopted: count,
  /** Times that an end ran over the fast path again after a while over TCP. */
  returned: count,
  /** `woken`: readers that a scan woke. `unseen`: connections for whose state the kernel had no memory. */
  woken: count,
  unseen: count,
  connections: count,
  /** Connection ends that are open at the same time. */
  atOnce: count,
  /** Bytes that were wrong for their stream and their place in it. */
  wrongBytes: count,
  /** Ends that stopped early, or on which nothing moved for a minute and a half. */
  failedEnds: count,
  /** Connections on which nothing moved for a second while both programs waited for the kernel; naps do not count. */
  stalled: count,
  /** The longest time for which that was so, on any connection. */
  longestStandstillMs: count,
  /** Changes of mode, deselections, kills and stops of the agent that were made while readers had redirected bytes unread, from beginning to end. */
  aimed: count,
  /** Ends that were cut because the pod at the other end was removed. */
  cutEnds: count,
  disturbances: z.record(z.string(), count),
  /** What the datapath still held after all connections had ended: entries by map, gauges, maps that were not freed. */
  left: z.record(z.string(), count),
  troubles: z.array(z.string()),
});

export type SoakResult = z.infer<typeof resultSchema>;

/** The least share of bytes that must be redirected. Most bytes are of one-way streams or of large messages, which go over TCP; on a busy machine
 * one byte in a hundred is redirected. */
const leastShare = 1 / 200;

/** What is wrong with a run, in words; empty when no byte was lost, reordered or misdelivered, no map entry was left and the fast path was used. A
 * standstill may last `standstillMs`. */
export function verdict(result: SoakResult, standstillMs = 1000): string[] {
  const complaints = [
    [result.wrongBytes > 0, `${result.wrongBytes} wrong bytes`],
    [result.failedEnds > 0, `${result.failedEnds} connection ends failed or hung`],
    [
      result.stalled > 0 && result.longestStandstillMs > standstillMs,
      `${result.stalled} connections stood still for more than a second, one for ${result.longestStandstillMs} ms`,
    ],
    [Object.keys(result.left).length > 0, `left behind: ${JSON.stringify(result.left)}`],
    [result.fastBytes < result.bytes * leastShare, `only ${result.fastBytes} of ${result.bytes} bytes were redirected: this proves nothing`],
    [result.departures === 0, 'no connection left the fast path: this proves nothing about departures'],
    [result.adopted === 0, 'no connection joined while it was open: this proves nothing about adoption'],
    [result.aimed === 0, 'no change was made while a reader had redirected bytes unread: this proves nothing of switching'],
    [result.returned === 0, 'no connection returned to the fast path: this proves nothing of returning'],
  ] as const;
  return complaints.filter(([holds]) => holds).map(([, text]) => text);
}

function added(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}

/** Adds up several runs on one kernel. */
export function together([first, ...rest]: readonly [SoakResult, ...SoakResult[]]): SoakResult {
  return rest.reduce((a, b) => {
    if (a.kernel !== b.kernel)
      throw new Error(`add up soaks: one ran on Linux ${a.kernel}, another on ${b.kernel}; delete the older results in ${resultsDirectory}`);
    return {
      kernel: a.kernel,
      cpus: a.cpus,
      seeds: [...a.seeds, ...b.seeds],
      seconds: a.seconds + b.seconds,
      bytes: a.bytes + b.bytes,
      fastBytes: a.fastBytes + b.fastBytes,
      departures: a.departures + b.departures,
      adopted: a.adopted + b.adopted,
      returned: a.returned + b.returned,
      woken: a.woken + b.woken,
      unseen: a.unseen + b.unseen,
      connections: a.connections + b.connections,
      atOnce: Math.max(a.atOnce, b.atOnce),
      wrongBytes: a.wrongBytes + b.wrongBytes,
      failedEnds: a.failedEnds + b.failedEnds,
      stalled: a.stalled + b.stalled,
      longestStandstillMs: Math.max(a.longestStandstillMs, b.longestStandstillMs),
      aimed: a.aimed + b.aimed,
      cutEnds: a.cutEnds + b.cutEnds,
      disturbances: added(a.disturbances, b.disturbances),
      left: added(a.left, b.left),
      troubles: [...a.troubles, ...b.troubles],
    };
  }, first);
}
