// Where agents knock. After a change of leader all of them do within seconds, and the TLS handshake of one takes as long as the
// kernel needs to let in hundreds: who finds no room in its queue is not answered, tries again later and later, and comes last.
// grpc-js would listen with the queue of Node.js, 511 places (net.js), and has no option for it.
import { createServer, type Socket } from 'node:net';

/** Linux gives the lesser of this and net.core.somaxconn, which is 4,096 from 5.4 on (listen(2)). */
const places = 16_384;

export interface Listener {
  readonly port: number;
  /** Nobody is let in any more; who is there stays. */
  close(): void;
}

/** @param address `host:port`, an IPv6 address in brackets; port 0 takes a free one @throws Error when it cannot be bound */
export function listen(address: string, onConnection: (socket: Socket) => void): Promise<Listener> {
  const [host, port] = [address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1'), Number(address.slice(address.lastIndexOf(':') + 1))];
  const server = createServer(onConnection);
  return new Promise((resolve, reject) => {
    server.on('error', (error) => reject(new Error(`listening for agents at ${address}: ${error.message}`)));
    server.listen({ host, port, backlog: places }, () => {
      const bound = server.address();
      resolve({ port: typeof bound === 'object' && bound !== null ? bound.port : port, close: () => void server.close() });
    });
  });
}
