// The way into a port that anybody can connect to. A connection that says nothing costs a socket and nothing else. Who has spoken is let
// in, a few at a time: what then costs memory and CPU, a handshake or a request, is for those that go on. Who has shown who he is takes no
// place of the others any more. Places go to the address that has fewest, so that nobody shuts out the rest, also by thousands of connections.
import type { Socket } from 'node:net';
import { FairPlaces, type PlaceLimits } from './fairPlaces';
import { addressOf, peerOf } from './peer';

export interface AdmissionLimits {
  /** Connections that have not been let in; a further one takes the place of a silent one. */
  readonly waiting: number;
  /** Connections that have been let in, and have not shown who they are. */
  readonly strangers: PlaceLimits;
  /** A connection that says nothing for as long is ended, unless it waits for us. */
  readonly quietSeconds: number;
  /** From being let in to having shown who it is. */
  readonly strangerSeconds: number;
  /** From being accepted to being let in, of one that has spoken: as long as everybody may need who was there before. */
  readonly waitingSeconds: number;
  /** Connections that have shown who they are. */
  readonly known: number;
}

export interface AdmissionEvents {
  /** Its first bytes lie unread in it. */
  onLetIn(socket: Socket): void;
  /** Whether somebody who means this port begins so. */
  begins(first: Buffer): boolean;
}

interface Guest {
  readonly peer: string;
  readonly address: string;
  readonly socket: Socket;
  stage: 'Silent' | 'Waiting' | 'Stranger' | 'Known';
  first: Buffer;
  /** Bytes that it had sent when it was looked at last. */
  heard: number;
  /** Seconds without a byte, and seconds in this stage. */
  quiet: number;
  age: number;
  /** It has asked, and we owe the answer. */
  answering: boolean;
  readonly onData: (chunk: Buffer) => void;
}

/** A ClientHello has some 500 bytes, with post-quantum keys less than 2 KiB; the head of a request no more. */
const mostFirstBytes = 4096;

export class Admission {
  private readonly guests = new Map<string, Guest>();
  /** In the order they came. */
  private readonly silent = new Set<Guest>();
  /** By address, that which was served longest ago first; those of one address in the order they spoke. */
  private readonly waiting = new Map<string, Set<Guest>>();
  private readonly strangers: FairPlaces<Guest>;
  private readonly clock: NodeJS.Timeout;
  /** When those who wait are looked at again, because time alone may give them a place. */
  private again: NodeJS.Timeout | undefined;
  private waitingCount = 0;
  private knownCount = 0;
  private closed = false;

  /** @param secondMs what counts as a second; another than 1000 in tests */
  constructor(
    private readonly limits: AdmissionLimits,
    private readonly events: AdmissionEvents,
    secondMs = 1000,
  ) {
    this.strangers = new FairPlaces(limits.strangers, ({ socket }) => socket.destroy());
    // What lies there already is read before anybody is judged. A thread that is busy for long counts one second, whatever it was: it listened to nobody.
    this.clock = setInterval(() => setImmediate(() => this.second()), secondMs).unref();
  }

  /** A connection that the kernel has accepted. */
  take(socket: Socket): void {
    const peer = peerOf(socket);
    if (this.closed || peer === undefined || this.guests.has(peer) || !this.hasRoom(addressOf(peer))) return void socket.destroy();
    const guest: Guest = {
      peer, socket, address: addressOf(peer), stage: 'Silent', first: Buffer.alloc(0), heard: 0, quiet: 0, age: 0, answering: false,
      onData: (chunk) => this.hear(guest, chunk),
    };
    this.guests.set(peer, guest);
    this.silent.add(guest);
    socket.on('error', () => undefined); // its close follows
    socket.once('close', () => this.forget(guest));
    socket.on('data', guest.onData);
  }

  /** It has asked, and its silence is ours until it is known or `answered`. */
  asked(peer: string): void {
    const guest = this.guests.get(peer);
    if (guest !== undefined) guest.answering = true;
  }

  /** It has had its answer, and is no better known than before. */
  answered(peer: string): void {
    const guest = this.guests.get(peer);
    if (guest !== undefined) [guest.answering, guest.quiet] = [false, 0];
  }

  /** It has shown who it is: from now on nothing here ends it. @returns false when it is gone, or there are too many */
  know(peer: string): boolean {
    const guest = this.guests.get(peer);
    if (guest === undefined || guest.socket.destroyed) return false;
    if (guest.stage === 'Known') return true;
    if (this.knownCount >= this.limits.known) {
      guest.socket.destroy();
      return false;
    }
    this.leave(guest);
    guest.stage = 'Known';
    this.knownCount += 1;
    this.letIn();
    return true;
  }

  end(peer: string): void {
    this.guests.get(peer)?.socket.destroy();
  }

  /** Nobody is let in any more; who is there stays. */
  close(): void {
    this.closed = true;
    clearInterval(this.clock);
    clearTimeout(this.again);
  }

  /** Ends every connection at once; others may come. */
  drop(): void {
    for (const { socket } of [...this.guests.values()]) socket.destroy();
  }

  /** Ends every connection at once, and lets nobody in any more. */
  cut(): void {
    this.close();
    this.drop();
  }

  /** Idle ones go first: who has said nothing for longest; then one of the address of which most wait, if it is not that of the newcomer. */
  private hasRoom(newcomer: string): boolean {
    if (this.silent.size + this.waitingCount < this.limits.waiting) return true;
    const [idle] = this.silent;
    const most = [...this.waiting.values()].reduce<ReadonlySet<Guest>>((a, b) => (b.size > a.size ? b : a), new Set());
    const [first] = most.size > (this.waiting.get(newcomer)?.size ?? 0) + 1 ? most : [];
    const leaving = idle ?? first;
    if (leaving === undefined) return false;
    this.forget(leaving);
    leaving.socket.destroy();
    return true;
  }

  private hear(guest: Guest, chunk: Buffer): void {
    guest.first = guest.first.length === 0 ? chunk : Buffer.concat([guest.first, chunk]);
    if (guest.first.length > mostFirstBytes || !this.events.begins(guest.first)) return void guest.socket.destroy();
    if (guest.stage !== 'Silent') return;
    this.leave(guest);
    [guest.stage, guest.age] = ['Waiting', 0];
    const own = this.waiting.get(guest.address);
    if (own === undefined) this.waiting.set(guest.address, new Set([guest]));
    else own.add(guest);
    this.waitingCount += 1;
    this.letIn();
  }

  private letIn(): void {
    for (let next = this.next(); !this.closed && next !== undefined; next = this.next()) {
      if (!this.strangers.take(next.address, next)) return this.letInLater();
      this.leave(next);
      this.goLast(next.address);
      [next.stage, next.age, next.quiet] = ['Stranger', 0, 0];
      const { socket, first } = next;
      socket.off('data', next.onData);
      socket.pause();
      socket.unshift(first);
      next.first = Buffer.alloc(0);
      this.events.onLetIn(socket);
      process.nextTick(() => socket.resume());
    }
  }

  /** An address that never stops waiting is not served again before the others. */
  private goLast(address: string): void {
    const own = this.waiting.get(address);
    if (own === undefined) return;
    this.waiting.delete(address);
    this.waiting.set(address, own);
  }

  private letInLater(): void {
    const { sureMs } = this.limits.strangers;
    if (sureMs === undefined || this.again !== undefined) return;
    this.again = setTimeout(() => {
      this.again = undefined;
      this.letIn();
    }, sureMs / 4).unref();
  }

  /** The longest waiting one of the address that has fewest places, and of such that which was served longest ago. */
  private next(): Guest | undefined {
    let found: Guest | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const [address, [first]] of this.waiting) {
      const places = this.strangers.of(address);
      if (places < fewest) [found, fewest] = [first, places];
      if (fewest === 0) break;
    }
    return found;
  }

  private second(): void {
    const { quietSeconds, strangerSeconds, waitingSeconds } = this.limits;
    for (const guest of [...this.guests.values()]) {
      if (guest.stage === 'Known') continue;
      const heard = guest.socket.bytesRead;
      guest.quiet = heard === guest.heard ? guest.quiet + 1 : 0;
      guest.heard = heard;
      guest.age += 1;
      const over = {
        Silent: guest.quiet >= quietSeconds,
        Waiting: guest.age >= waitingSeconds,
        Stranger: !guest.answering && (guest.quiet >= quietSeconds || guest.age >= strangerSeconds),
      }[guest.stage];
      if (over) guest.socket.destroy();
    }
  }

  private forget(guest: Guest): void {
    if (this.guests.get(guest.peer) !== guest) return;
    this.guests.delete(guest.peer);
    this.leave(guest);
    this.letIn();
  }

  /** Gives back what its stage has taken. */
  private leave(guest: Guest): void {
    const { address, stage } = guest;
    if (stage === 'Silent') this.silent.delete(guest);
    else if (stage === 'Known') this.knownCount -= 1;
    else if (stage === 'Stranger') this.strangers.giveBack(address, guest);
    else {
      const own = this.waiting.get(address);
      if (own?.delete(guest) === true) this.waitingCount -= 1;
      if (own?.size === 0) this.waiting.delete(address);
    }
  }
}
