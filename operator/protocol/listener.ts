// Where agents knock. After a change of leader all of them do within seconds, and the TLS handshake of one takes as long as the
// kernel needs to let in hundreds: who finds no room in its queue is not answered, tries again later and later, and comes last.
// grpc-js would listen with the queue of Node.js, 511 places (net.js), and has no option for it.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Linux gives the lesser of this and net.core.somaxconn, which is 4,096 from 5.4 on (listen(2)). */
const places = 16_384;

export interface ListenerEvents {
  onConnection(socket: Socket): void;
  /** Somebody could not be let in. */
  onProblem(problem: string): void;
}

export interface Listener {
  readonly port: number;
  /** Nobody is let in any more; who is there stays. */
  close(): void;
  /** Ends every connection at once. grpc-js only knows those it speaks HTTP/2 on, and waits for the other end of them. */
  cut(): void;
}

/** @param address `host:port`, an IPv6 address in brackets; port 0 takes a free one @throws Error when it cannot be bound */
export async function listen(address: string, { onConnection, onProblem }: ListenerEvents): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  const port = await bind(server, address);
  server.on('error', (error) => onProblem(`listening for agents at ${address}: ${error.message}`));
  const close = (): void => void server.close();
  const cut = (): void => {
    close();
    for (const socket of [...sockets]) socket.destroy();
  };
  return { port, close, cut };
}

function bind(server: Server, address: string): Promise<number> {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  if (port === undefined) return Promise.reject(new Error(`listening for agents at ${address}: not host:port`));
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`listening for agents at ${address}: ${error.message}`)));
    server.listen({ host, port: Number(port), backlog: places }, () => {
      server.removeAllListeners('error');
      resolve((server.address() as AddressInfo).port);
    });
  });
}
