// A program that lets processes of this machine reach the API server without a route to the cluster's network.
//
// usage: forwarder.mts listen SOCKET                    outside: 127.0.0.1:(any port) → SOCKET; prints the port
//        forwarder.mts connect SOCKET HOST PORT inside the cluster's network: SOCKET → HOST:PORT
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

function forward(from: Socket, to: Socket): void {
  const drop = (): void => {
    from.destroy();
    to.destroy();
  };
  from.on('error', drop).on('close', drop);
  to.on('error', drop).on('close', drop);
  from.pipe(to);
  to.pipe(from);
}

function main([role, socket, host, port]: readonly string[]): void {
  if (role === 'listen' && socket !== undefined) {
    const server = createServer((client) => forward(client, connect({ path: socket })));
    server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
  } else if (role === 'connect' && socket !== undefined && host !== undefined) {
    createServer((client) => forward(client, connect(Number(port), host))).listen(socket);
  } else {
    throw new Error('starting the forwarder: expected "listen SOCKET" or "connect SOCKET HOST PORT"');
  }
}

main(process.argv.slice(2));
