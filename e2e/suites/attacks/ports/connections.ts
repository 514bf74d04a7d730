// A crowd: many connections of an attacker, which are held open, and opened again when they are ended.
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';

export interface CrowdOptions {
  readonly port: number;
  readonly count: number;
  /** The source address; all of 127.0.0.0/8 is this machine. */
  readonly localAddress?: string;
  /** Makes a TLS handshake; TCP only unless given. */
  readonly tls?: Pick<ConnectionOptions, 'ALPNProtocols'>;
  /** Sent as soon as the connection is open, or after the TLS handshake. */
  readonly says?: string | Buffer;
  /** Whether nothing is read. */
  readonly deaf?: boolean;
}

/** Holds connections open until leave() is called: each connection that is ended is opened anew. */
export class Crowd {
  private readonly sockets = new Set<Socket>();
  private leaving = false;
  /** How many connections have been opened, the first ones and all later ones. */
  made = 0;

  constructor(private readonly options: CrowdOptions) {
    for (let each = 0; each < options.count; each += 1) this.open();
  }

  leave(): void {
    this.leaving = true;
    for (const socket of this.sockets) socket.destroy();
  }

  private open(): void {
    const { port, localAddress, tls, says, deaf = false } = this.options;
    this.made += 1;
    const raw = connect({ port, host: '127.0.0.1', ...(localAddress === undefined ? {} : { localAddress }) });
    this.sockets.add(raw);
    const socket: Socket | TLSSocket = tls === undefined ? raw : connectTls({ socket: raw, rejectUnauthorized: false, ...tls });
    for (const each of new Set([raw, socket])) each.on('error', () => undefined);
    if (says !== undefined) socket.once(tls === undefined ? 'connect' : 'secureConnect', () => void socket.write(says));
    if (deaf) socket.pause();
    else socket.resume();
    raw.once('close', () => {
      this.sockets.delete(raw);
      // Waits before it opens the next one: as fast as a determined attacker, but the machine has time for other work.
      if (!this.leaving) setTimeout(() => this.leaving || this.open(), 100);
    });
  }
}
