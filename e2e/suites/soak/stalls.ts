// What the kernel says of a connection on which nothing moves, while it is still open.
import { attempt } from '../../../release/tools/command';
import type { Place } from '../../stand/agent/ground';
import type { Stall } from './tally';

/** Both ends of it, or the sidecar's end, as far as they are in this pod: one line a socket (ss(8) of iproute2 6.1). */
export async function socketsOf({ number, pod }: Place, { stalledPort, towards }: Stall): Promise<string[]> {
  const port = stalledPort > towards ? stalledPort : towards; // the server's is the same for all
  const { stdout } = await attempt('ip', ['netns', 'exec', pod.name, 'ss', '-OHtinmoe', `( sport = :${port} or dport = :${port} )`]);
  const lines = stdout.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());
  return lines.filter((line) => line !== '').map((line) => `place ${number}: ${line}`);
}
