// Does what kube-proxy does for the channel's Service: forwards each new connection to the endpoint that is published at that moment.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import type { KubeClient } from '../../../operator/kube';
import { channelService, namespace } from '../../stand/api/controllerProcess';

const slices = z.object({ items: z.array(z.object({ ports: z.array(z.object({ port: z.int() })).length(1) })) });

export class ChannelRelay {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly client: KubeClient,
  ) {
    server.on('connection', (socket) => void this.relay(socket));
  }

  static async start(client: KubeClient): Promise<ChannelRelay> {
    const server = createServer();
    const relay = new ChannelRelay(server, client);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private async relay(socket: Socket): Promise<void> {
    this.keep(socket);
    try {
      const controller = this.keep(connect(await this.publishedPort(), '127.0.0.1'));
      socket.pipe(controller).pipe(socket);
      socket.once('close', () => controller.destroy());
      controller.once('close', () => socket.destroy());
    } catch {
      // Without an endpoint the connection is closed, like a connection to a Service without endpoints.
      socket.destroy();
    }
  }

  /** The port of the published endpoint. Its address is not used: all controllers of a test are on loopback, each at its own port. */
  private async publishedPort(): Promise<number> {
    const query = { labelSelector: `kubernetes.io/service-name=${channelService}` };
    const { items } = slices.parse(await this.client.request('GET', `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, { query }));
    const [port] = items.flatMap(({ ports }) => ports.map(({ port: number }) => number));
    if (port === undefined) throw new Error('looking for the leader: no endpoint is published');
    return port;
  }

  private keep(socket: Socket): Socket {
    this.sockets.add(socket);
    return socket.once('close', () => this.sockets.delete(socket)).on('error', () => undefined);
  }
}
