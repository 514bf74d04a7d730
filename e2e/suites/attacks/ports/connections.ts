// Connections as an attacker makes them: many, held open, made again when they are ended.
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';

export interface CrowdOptions {
  readonly port: number;
  readonly count: number;
  /** Where they come from; the whole of 127.0.0.0/8 is this machine. */
  readonly localAddress?: string;
  /** Shakes hands first; without it nothing but TCP. */
  readonly tls?: Pick<ConnectionOptions, 'ALPNProtocols'>;
  /** Said as soon as it is connected, or has shaken hands. */
  readonly says?: string | Buffer;
  /** What comes is not read. */
  readonly deaf?: boolean;
}

/** Holds them open for as long as it lives: each that is ended is made anew. */
export class Crowd {
  private readonly sockets = new Set<Socket>();
  private leaving = false;
  /** All there ever were, first and further ones. */
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
      // Not at once: a crowd that is sent away comes back as fast as a program would that means it, and leaves the machine something.
      if (!this.leaving) setTimeout(() => this.leaving || this.open(), 100);
    });
  }
}
