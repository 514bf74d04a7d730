// How long a request for a TCP connection may stay unanswered. An address whose pod has gone answers nothing: the kernel
// asks again for over a minute (net.ipv4.tcp_syn_retries), each time on the way that connection tracking has remembered,
// although the Service leads to another pod by then. grpc-js has no option for it; Node.js tells of every socket it opens
// (https://nodejs.org/api/diagnostics_channel.html, net.client.socket).
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const opening = 'net.client.socket';
/** On one network: a controller that is there answers the first request, or the second if its queue was full. */
const longestMs = 3000;

/**
 * From now on no socket of this process waits longer to be connected: it fails, as with an address that refuses.
 * @returns a function that takes the limit away again
 */
export function limitConnecting(limitMs = longestMs): () => void {
  const watch = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    const giveUp = (): void => void (socket.connecting && socket.destroy(new Error(`no answer to the request for a connection within ${limitMs} ms`)));
    // The answer may lie there already, when this process was busy meanwhile: it is read before what setImmediate() asks for.
    const timer = setTimeout(() => setImmediate(giveUp), limitMs);
    timer.unref();
    for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer));
  };
  subscribe(opening, watch);
  return () => void unsubscribe(opening, watch);
}
