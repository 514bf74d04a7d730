// One attempt to be let in by a controller, and nothing after it. The kernel lets connections in for a controller that is frozen, or whose
// node has just died, and nothing comes on them; keepalive only begins once both ends speak HTTP/2. A closed client of grpc-js keeps
// a socket whose handshake nobody answers, and makes another connection when its own back-off is over (subchannel.ts, unref()).
import type { Socket } from 'node:net';
import type { ChannelCredentials } from '@grpc/grpc-js';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

export class Attempt {
  private socket: Socket | undefined;
  private accepted = false;
  private over = false;
  private limit: NodeJS.Timeout | undefined;

  /** @param limitMs from the moment the kernel has let it in until `succeed` */
  constructor(private readonly limitMs: number) {}

  /** Makes all connections with these credentials part of the attempt. */
  watch(credentials: ChannelCredentials): ChannelCredentials {
    const create = credentials._createSecureConnector.bind(credentials);
    credentials._createSecureConnector = (...words) => this.watched(create(...words));
    return credentials;
  }

  /** The controller has accepted the stream. */
  succeed(): void {
    this.accepted = true;
    clearTimeout(this.limit);
  }

  /** The stream has ended, or there will be none. */
  end(): void {
    this.over = true;
    clearTimeout(this.limit);
    if (!this.accepted) this.socket?.destroy();
  }

  private watched(connector: SecureConnector): SecureConnector {
    return {
      waitForReady: () => (this.over ? Promise.reject(new Error('the attempt is over')) : connector.waitForReady()),
      connect: (socket) => {
        this.begin(socket);
        return connector.connect(socket);
      },
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }

  private begin(socket: Socket): void {
    this.socket = socket;
    if (this.over) return void socket.destroy();
    clearTimeout(this.limit);
    this.limit = setTimeout(() => socket.destroy(new Error(`let in, and not accepted within ${this.limitMs} ms`)), this.limitMs);
  }
}
