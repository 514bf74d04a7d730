// The way of a connection into the channel: admission, TLS, and bounds for its frames. Behind it grpc-js reads plain HTTP/2.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import { addressOf, Admission, type AdmissionLimits, peerOf } from '../ports';
import { type CertificatePair, readPair } from './certificate';
import { BoundedStream } from './boundedStream';

/**
 * Limits for connections that are not authenticated yet. After a change of leader all agents connect at once, possibly from one address, so
 * 8,192 may wait. TLS handshakes, streams and token reviews run for 192 at a time: at some 80 KiB each they take 15 MiB, and 192 are more
 * than the CPU and the API server handle at once, so that this limit delays no agent. An address with two places more than another loses one.
 * When more than 192 addresses come, one without a place takes the place that another has had for three seconds without showing a token.
 */
const limits: AdmissionLimits = {
  waiting: 8192,
  unproven: { all: 192, lead: 2, reclaimAfterMs: 3000 },
  quietSeconds: 5,
  unprovenSeconds: 15,
  waitingSeconds: 60,
  // Twice what FrameAllowance lets through, for the records of TLS around it.
  unprovenBytes: 64 * 1024,
  proven: 20_000,
};
/** The first byte of a TLS record with a ClientHello (RFC 8446, 5.1). */
const handshakeRecord = 0x16;
const protocol = 'h2';

export interface DoorEvents {
  /** A connection has finished its handshake; the stream has its HTTP/2. */
  onConnection(plain: Duplex): void;
  /** A connection was ended because of what it sent. `kind` is equal for repeated problems of an address. */
  onRefused(problem: string, kind: string): void;
}

export class Door {
  readonly admission: Admission;
  private readonly tls;
  private readonly streams = new Map<string, BoundedStream>();
  /** The client of the connection whose events are handled. grpc-js finds no address at a stream that is no socket. */
  private readonly current = new AsyncLocalStorage<string>();

  /** @throws Error when the pair is not a certificate with its key */
  constructor(
    pair: CertificatePair,
    private readonly events: DoorEvents,
  ) {
    this.tls = createServer({ ...readPair(pair), ALPNProtocols: [protocol] }, (socket) => this.pass(socket));
    this.admission = new Admission(limits, {
      onAdmitted: (socket) => {
        socket.setNoDelay(true);
        this.tls.emit('connection', socket);
      },
      begins: ([first]) => first === handshakeRecord,
    });
  }

  take(socket: Socket): void {
    this.admission.take(socket);
  }

  /** `address:port` of the client whose connection caused the current call, as long as grpc-js handles an event of it. */
  peer(): string {
    return this.current.getStore() ?? 'unknown';
  }

  /** The connection has shown a valid token. @returns false when it is closed, or was ended because there are too many */
  prove(peer: string): boolean {
    this.streams.get(peer)?.prove();
    return this.admission.markProven(peer);
  }

  /** Uses another pair for new connections. @throws Error when it is not a certificate with its key; the old pair then stays */
  useCertificate(pair: CertificatePair): void {
    this.tls.setSecureContext(readPair(pair));
  }

  private pass(socket: TLSSocket): void {
    socket.on('error', () => undefined); // 'close' follows
    const peer = peerOf(socket);
    if (peer === undefined || socket.alpnProtocol !== protocol) return void socket.destroy();
    socket.disableRenegotiation();
    const stream = new BoundedStream(socket, (why) => {
      this.admission.offend(peer);
      this.events.onRefused(`connection of ${peer} ended: it sent ${why}`, `${addressOf(peer)} sent ${why}`);
    });
    this.streams.set(peer, stream);
    stream.once('close', () => this.streams.delete(peer));
    this.current.run(peer, () => this.events.onConnection(stream));
  }
}
