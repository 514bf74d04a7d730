// The longest time for a TCP connection to be established. The address of a deleted pod does not answer: the kernel repeats the SYN for more
// than a minute (net.ipv4.tcp_syn_retries), always to the pod that connection tracking has stored, although the Service has another pod by
// then. grpc-js has no option for that time. Node.js publishes every socket that it opens on a diagnostics channel
// (https://nodejs.org/api/diagnostics_channel.html, net.client.socket).
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const opening = 'net.client.socket';
/** A reachable controller answers the first SYN, or the second, a second later, if its accept queue was full. */
const longestMs = 3000;

/**
 * From now on a socket of this process that is not connected within `limitMs` milliseconds fails with an error.
 * @returns a function that removes the limit
 */
export function limitConnecting(limitMs = longestMs): () => void {
  const watch = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    const giveUp = (): void => void (socket.connecting && socket.destroy(new Error(`the TCP connection was not established within ${limitMs} ms`)));
    // If this process was busy, the connection may be established already: Node handles that event before a callback of setImmediate().
    const timer = setTimeout(() => setImmediate(giveUp), limitMs);
    timer.unref();
    for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer));
  };
  subscribe(opening, watch);
  return () => void unsubscribe(opening, watch);
}
