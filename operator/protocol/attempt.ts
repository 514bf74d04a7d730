// The time limit of one attempt to open a stream. When a controller is frozen or its node has just died, the kernel still accepts the
// connection and no byte follows; gRPC's keepalive begins only after the HTTP/2 handshake. A closed client of grpc-js keeps a socket whose
// TLS handshake is not answered, and opens another connection after its own back-off (subchannel.ts, unref()).
import type { Socket } from 'node:net';
import type { ChannelCredentials } from '@grpc/grpc-js';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

export class Attempt {
  private socket: Socket | undefined;
  private accepted = false;
  private over = false;
  private limit: NodeJS.Timeout | undefined;

  /** @param limitMs milliseconds from the established TCP connection until `succeed` */
  constructor(private readonly limitMs: number) {}

  /** Applies the limit to every connection that is opened with these credentials. Returns the same credentials. */
  watch(credentials: ChannelCredentials): ChannelCredentials {
    const create = credentials._createSecureConnector.bind(credentials);
    credentials._createSecureConnector = (...args) => this.watched(create(...args));
    return credentials;
  }

  /** The controller has accepted the stream. */
  succeed(): void {
    this.accepted = true;
    clearTimeout(this.limit);
  }

  /** The stream has ended, or the attempt is given up: its socket is closed unless the stream was accepted. */
  end(): void {
    this.over = true;
    clearTimeout(this.limit);
    if (!this.accepted) this.socket?.destroy();
  }

  private watched(connector: SecureConnector): SecureConnector {
    return {
      waitForReady: () => (this.over ? Promise.reject(new Error('this attempt to connect has ended')) : connector.waitForReady()),
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
    const late = new Error(`the TCP connection was established, but the controller did not accept the stream within ${this.limitMs} ms`);
    this.limit = setTimeout(() => socket.destroy(late), this.limitMs);
  }
}
