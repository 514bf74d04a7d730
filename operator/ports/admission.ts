// Admission to a port that any client in the cluster can connect to. A connection goes through stages. Silent: it has sent no byte and costs only
// a socket. Waiting: it has sent its first bytes. Unproven: it has one of few places, was handed to the server and may cost memory and CPU, for a
// handshake or a request. Aside: it waits for an answer of the server that takes long, and has given its place back. Proven: the server has
// authenticated it, and it gives its place back. A place goes to the address with the fewest places, so that one address cannot shut out others, even
// with thousands of connections (ADR 20).
import type { Socket } from 'node:net';
import { FairPlaces, type PlaceLimits } from './fairPlaces';
import { addressOf, peerOf } from './peer';

export interface AdmissionLimits {
  /** Most connections that are silent or waiting. A further connection ends the one that has been silent for longest. */
  readonly waiting: number;
  /** Most unproven connections. */
  readonly unproven: PlaceLimits;
  /** Seconds without a received byte after which a silent or unproven connection is ended, unless the server owes it an answer. */
  readonly quietSeconds: number;
  /** Most seconds that a connection may stay unproven. */
  readonly unprovenSeconds: number;
  /** Most seconds that a connection may stay waiting: at least as long as the connections before it may take. */
  readonly waitingSeconds: number;
  /** Most bytes that an unproven connection may send, checked once a second; the server bounds what it reads of them. Undefined: any number. */
  readonly unprovenBytes?: number;
  /** Most proven connections. */
  readonly proven: number;
}

export interface AdmissionEvents {
  /** A connection became unproven. Its first bytes are unread again, for the server to read. */
  onAdmitted(socket: Socket): void;
  /** True when a connection of this port's protocol may begin with these bytes. */
  begins(first: Buffer): boolean;
}

interface Connection {
  /** `address:port` of the client. */
  readonly peer: string;
  readonly address: string;
  readonly socket: Socket;
  stage: 'Silent' | 'Waiting' | 'Unproven' | 'Aside' | 'Proven';
  /** Bytes received while silent or waiting. */
  first: Buffer;
  /** Bytes that the socket had received when the clock ticked last. */
  bytesSeen: number;
  /** Seconds without a received byte. */
  quiet: number;
  /** Seconds in this stage. */
  age: number;
  /** True while the server works on an answer, so that the client's silence is no fault. */
  answering: boolean;
  readonly onData: (chunk: Buffer) => void;
}

/** Most bytes before admission. A ClientHello has some 500 bytes, with post-quantum keys less than 2 KiB; the head of a request has no more. */
const mostFirstBytes = 4096;

/**
 * What an address may have after one of its connections was ended for what it sent: so many places for so long, and each place that it leaves
 * stays taken for a while. Otherwise it has a hundred new handshakes at a time, and others wait for the CPU although they have a place.
 */
const offender = { places: 4, forMs: 10_000, placeMs: 250, most: 16_384 };

export class Admission {
  private readonly connections = new Map<string, Connection>();
  /** Silent connections in the order of their arrival. */
  private readonly silent = new Set<Connection>();
  /** Waiting connections by address. The address that was served longest ago is first; connections of one address are in order of arrival. */
  private readonly waiting = new Map<string, Set<Connection>>();
  private readonly unproven: FairPlaces<Connection>;
  /** Address of an offender → until when it is one, in milliseconds. */
  private readonly offenders = new Map<string, number>();
  private readonly clock: NodeJS.Timeout;
  /** Runs `admit` again, because the passing of time can free a place (`reclaimAfterMs`). */
  private again: NodeJS.Timeout | undefined;
  private waitingCount = 0;
  private provenCount = 0;
  private closed = false;

  /** @param secondMs milliseconds of a second; tests use fewer than 1000 */
  constructor(
    private readonly limits: AdmissionLimits,
    private readonly events: AdmissionEvents,
    secondMs = 1000,
  ) {
    this.unproven = new FairPlaces(limits.unproven, {
      onLost: ({ socket }) => void socket.destroy(),
      // The time until the answer is the server's own.
      mayLose: ({ answering }) => !answering,
    });
    // setImmediate lets bytes that have already arrived be read first. A thread that was busy for long counts one second only, because it
    // could not read in that time.
    this.clock = setInterval(() => setImmediate(() => this.second()), secondMs).unref();
  }

  /** Takes a connection that the kernel has accepted, or ends it when there is no room. */
  take(socket: Socket): void {
    const peer = peerOf(socket);
    if (this.closed || peer === undefined || this.connections.has(peer) || !this.hasRoom(addressOf(peer))) return void socket.destroy();
    const connection: Connection = {
      peer,
      socket,
      address: addressOf(peer),
      stage: 'Silent',
      first: Buffer.alloc(0),
      bytesSeen: 0,
      quiet: 0,
      age: 0,
      answering: false,
      onData: (chunk) => this.receive(connection, chunk),
    };
    this.connections.set(peer, connection);
    this.silent.add(connection);
    socket.on('error', () => undefined); // 'close' follows
    socket.once('close', () => this.forget(connection));
    socket.on('data', connection.onData);
  }

  /** The server works on a request of the connection: silence does not end it until `endAnswer` or `markProven`. */
  beginAnswer(peer: string): void {
    const connection = this.connections.get(peer);
    if (connection !== undefined) connection.answering = true;
  }

  /** The server has answered, and the connection stays unproven. */
  endAnswer(peer: string): void {
    const connection = this.connections.get(peer);
    if (connection !== undefined) [connection.answering, connection.quiet] = [false, 0];
  }

  /** The answer will take long: an unproven connection gives its place back meanwhile. The server bounds how many such answers it owes. */
  stepAside(peer: string): void {
    const connection = this.connections.get(peer);
    if (connection?.stage !== 'Unproven') return;
    this.leave(connection);
    connection.stage = 'Aside';
    this.admit();
  }

  /**
   * The server has authenticated the connection: from now on no limit of time ends it.
   * @returns false when the connection is closed, or was ended because there are too many proven ones
   */
  markProven(peer: string): boolean {
    const connection = this.connections.get(peer);
    if (connection === undefined || connection.socket.destroyed) return false;
    if (connection.stage === 'Proven') return true;
    if (this.provenCount >= this.limits.proven) {
      connection.socket.destroy();
      return false;
    }
    this.leave(connection);
    connection.stage = 'Proven';
    this.provenCount += 1;
    this.admit();
    return true;
  }

  /** Ends an unproven connection because of what it sent, and lets its address have few places for a while. */
  offend(peer: string): void {
    const connection = this.connections.get(peer);
    if (connection === undefined) return;
    const { address } = connection;
    if (connection.stage !== 'Proven') {
      this.offenders.delete(address);
      this.offenders.set(address, performance.now() + offender.forMs);
      const [oldest] = this.offenders.keys();
      if (this.offenders.size > offender.most && oldest !== undefined) this.offenders.delete(oldest);
    }
    connection.socket.destroy();
  }

  /** Ends the connection. */
  end(peer: string): void {
    this.connections.get(peer)?.socket.destroy();
  }

  /** Admits no further connection; those that are there stay. */
  close(): void {
    this.closed = true;
    clearInterval(this.clock);
    clearTimeout(this.again);
  }

  /** Ends every connection; new ones are still admitted. */
  drop(): void {
    for (const { socket } of [...this.connections.values()]) socket.destroy();
  }

  /** Ends every connection and admits no further one. */
  cut(): void {
    this.close();
    this.drop();
  }

  /**
   * True when there is room for a connection of the address. When there is none, it ends the connection that has been silent for longest,
   * otherwise the first of the address with most waiting connections, if that address has more than the newcomer's.
   */
  private hasRoom(newcomer: string): boolean {
    if (this.silent.size + this.waitingCount < this.limits.waiting) return true;
    const [idle] = this.silent;
    const most = [...this.waiting.values()].reduce<ReadonlySet<Connection>>((a, b) => (b.size > a.size ? b : a), new Set());
    const [first] = most.size > (this.waiting.get(newcomer)?.size ?? 0) + 1 ? most : [];
    const leaving = idle ?? first;
    if (leaving === undefined) return false;
    this.forget(leaving);
    leaving.socket.destroy();
    return true;
  }

  private receive(connection: Connection, chunk: Buffer): void {
    connection.first = connection.first.length === 0 ? chunk : Buffer.concat([connection.first, chunk]);
    if (connection.first.length > mostFirstBytes || !this.events.begins(connection.first)) return void connection.socket.destroy();
    if (connection.stage !== 'Silent') return;
    this.leave(connection);
    [connection.stage, connection.age] = ['Waiting', 0];
    const own = this.waiting.get(connection.address);
    if (own === undefined) this.waiting.set(connection.address, new Set([connection]));
    else own.add(connection);
    this.waitingCount += 1;
    this.admit();
  }

  private admit(): void {
    for (let next = this.next(); !this.closed && next !== undefined; next = this.next()) {
      if (!this.unproven.take(next.address, next)) return this.admitLater();
      this.leave(next);
      this.goLast(next.address);
      [next.stage, next.age, next.quiet] = ['Unproven', 0, 0];
      const { socket, first } = next;
      socket.off('data', next.onData);
      socket.pause();
      socket.unshift(first);
      next.first = Buffer.alloc(0);
      this.events.onAdmitted(socket);
      process.nextTick(() => socket.resume());
    }
  }

  /** Moves an address to the end of the order, so that it is not served again before the others. */
  private goLast(address: string): void {
    const own = this.waiting.get(address);
    if (own === undefined) return;
    this.waiting.delete(address);
    this.waiting.set(address, own);
  }

  private admitLater(): void {
    const { reclaimAfterMs } = this.limits.unproven;
    if (reclaimAfterMs === undefined || this.again !== undefined) return;
    this.again = setTimeout(() => {
      this.again = undefined;
      this.admit();
    }, reclaimAfterMs / 4).unref();
  }

  /** The first waiting connection of the address with the fewest places; among equals, of the address that was served longest ago. */
  private next(): Connection | undefined {
    let found: Connection | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const [address, [first]] of this.waiting) {
      const places = this.unproven.of(address);
      if (places >= offender.places && this.isOffender(address)) continue;
      if (places < fewest) [found, fewest] = [first, places];
      if (fewest === 0) break;
    }
    return found;
  }

  private isOffender(address: string): boolean {
    const until = this.offenders.get(address);
    if (until === undefined || until > performance.now()) return until !== undefined;
    this.offenders.delete(address);
    return false;
  }

  private second(): void {
    this.admit();
    const { quietSeconds, unprovenSeconds, waitingSeconds, unprovenBytes = Number.POSITIVE_INFINITY } = this.limits;
    for (const connection of [...this.connections.values()]) {
      if (connection.stage === 'Proven') continue;
      const bytesSeen = connection.socket.bytesRead;
      connection.quiet = bytesSeen === connection.bytesSeen ? connection.quiet + 1 : 0;
      connection.bytesSeen = bytesSeen;
      connection.age += 1;
      const late = !connection.answering && (connection.quiet >= quietSeconds || connection.age >= unprovenSeconds);
      const over = {
        Silent: connection.quiet >= quietSeconds,
        Waiting: connection.age >= waitingSeconds,
        Unproven: late || bytesSeen > unprovenBytes,
        Aside: late || bytesSeen > unprovenBytes,
      }[connection.stage];
      if (over) connection.socket.destroy();
    }
  }

  private forget(connection: Connection): void {
    if (this.connections.get(connection.peer) !== connection) return;
    this.connections.delete(connection.peer);
    this.leave(connection);
    this.admit();
  }

  /** Removes the connection from the set and counter of its stage. */
  private leave(connection: Connection): void {
    const { address, stage } = connection;
    if (stage === 'Silent') this.silent.delete(connection);
    else if (stage === 'Proven') this.provenCount -= 1;
    else if (stage === 'Unproven') this.giveBack(connection);
    else if (stage === 'Waiting') {
      const own = this.waiting.get(address);
      if (own?.delete(connection) === true) this.waitingCount -= 1;
      if (own?.size === 0) this.waiting.delete(address);
    }
  }

  private giveBack(connection: Connection): void {
    const { address, socket } = connection;
    if (!socket.destroyed || !this.isOffender(address)) return this.unproven.giveBack(address, connection);
    setTimeout(() => {
      this.unproven.giveBack(address, connection);
      this.admit();
    }, offender.placeMs).unref();
  }
}
