// The TCP listener for agents. After a change of leader all agents connect within seconds, and in the time of one TLS handshake hundreds
// of connections are established. When the accept queue is full, the kernel drops a SYN; the agent repeats it at growing intervals and
// connects last. grpc-js would listen with Node.js' backlog of 511 (net.js) and has no option for it.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** The listen backlog. Linux uses the lesser of it and net.core.somaxconn, which is 4,096 from 5.4 on (listen(2)). */
const places = 16_384;

export interface ListenerEvents {
  onConnection(socket: Socket): void;
  /** The listener failed to accept a connection. */
  onProblem(problem: string): void;
}

export interface Listener {
  readonly port: number;
  /** Accepts no further connection; open ones stay. */
  close(): void;
  /** Closes the listener and every connection at once. grpc-js knows only connections with HTTP/2, and waits for their other end to close. */
  cut(): void;
}

/**
 * Listens at an address.
 * @param address `host:port`, an IPv6 address in brackets; port 0 takes a free port
 * @throws Error when the address is not of that form or cannot be bound
 */
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
  if (port === undefined) return Promise.reject(new Error(`listening for agents at ${address}: the address must be host:port`));
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`listening for agents at ${address}: ${error.message}`)));
    server.listen({ host, port: Number(port), backlog: places }, () => {
      server.removeAllListeners('error');
      resolve((server.address() as AddressInfo).port);
    });
  });
}
