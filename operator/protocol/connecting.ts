// How long a connection may stay without any answer. An address whose pod has gone answers nothing: the kernel asks again
// for over a minute (net.ipv4.tcp_syn_retries), each time on the way that connection tracking has remembered, although the
// Service leads to another pod by then. And for a controller that is frozen, or on a node that has just died, the kernel lets
// connections in, and no handshake follows; keepalive only begins with HTTP/2. grpc-js limits neither, and keeps the socket of
// a handshake that was given up; Node.js tells of every socket it opens (https://nodejs.org/api/diagnostics_channel.html, net.client.socket).
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const opening = 'net.client.socket';

/** Milliseconds. */
export interface ConnectingLimits {
  /** Until the connection is there. */
  readonly connectMs: number;
  /** From then until the first byte comes. */
  readonly answerMs: number;
}

/**
 * On one network a controller that is there answers the first request, or the second if its queue was full. Its first byte comes when
 * the handshakes of all agents that came before have been made: for 5,000 on a busy core, half a minute.
 */
const longest: ConnectingLimits = { connectMs: 3000, answerMs: 90_000 };

/**
 * From now on no socket of this process waits longer: it fails, as with an address that refuses.
 * @returns a function that takes the limits away again
 */
export function limitConnecting({ connectMs, answerMs } = longest): () => void {
  const watch = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    limit(socket, connectMs, 'connect', () => (socket.connecting ? `no answer to the request for a connection within ${connectMs} ms` : undefined));
    socket.once('connect', () => limit(socket, answerMs, 'end', () => (socket.bytesRead === 0 ? `connected, and nothing came within ${answerMs} ms` : undefined)));
  };
  subscribe(opening, watch);
  return () => void unsubscribe(opening, watch);
}

/** Destroys the socket after the time if something is `missing`, unless the event or its close came before. */
function limit(socket: Socket, ms: number, event: string, missing: () => string | undefined): void {
  const giveUp = (): void => {
    const why = missing();
    if (why !== undefined) socket.destroy(new Error(why));
  };
  // The answer may lie there already, when this process was busy meanwhile: it is read before what setImmediate() asks for.
  const timer = setTimeout(() => setImmediate(giveUp), ms);
  timer.unref();
  for (const over of [event, 'close']) socket.once(over, () => clearTimeout(timer));
}
