// What the kernel shows of a connection on which nothing moves, while the connection is still open.
import { attempt } from '../../../release/tools/command';
import type { Place } from '../../stand/agent/ground';
import type { Stall } from './tally';

/** The connection's ends in this pod, those of the sidecar included: one line for each socket (ss(8) of iproute2 6.1). */
export async function socketsOf({ number, pod }: Place, { stalledPort, towards }: Stall): Promise<string[]> {
  const port = stalledPort > towards ? stalledPort : towards; // the client's port, because all connections have the same server ports
  const { stdout } = await attempt('ip', ['netns', 'exec', pod.name, 'ss', '-OHtinmoe', `( sport = :${port} or dport = :${port} )`]);
  const lines = stdout.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());
  return lines.filter((line) => line !== '').map((line) => `place ${number}: ${line}`);
}
