// The situations into which witnesses are put. Each begins on a connection that has taken turns until the datapath had learnt all about it.
import { spillBytesRange } from '../../../operator/api/spec';
import type { Client, Outcome } from './client';
import type { Stand } from './stand';
import { ways, type Way } from './ways';

export interface Situation {
  readonly name: string;
  /** The sentence on the page. */
  readonly what: string;
  readonly ways: readonly Way[];
  /** Whether its speed is compared with that on TCP. A situation that waits for a change has no speed to compare. */
  readonly timed: boolean;
  /** The name of the situation on plain TCP. Situations that differ only in a change of the product have the same, and are played there once. */
  readonly onTcp: string;
  /** True for the first situation with large bodies: from then on some witnesses read in another way. */
  readonly begins?: boolean;
  /** True for the situations of the short form. */
  readonly short?: boolean;
  play(client: Client, stand: Stand): Promise<Outcome>;
}

/** Bytes of a small request. */
const small = 200;
const [kilobyte, megabyte] = [1 << 10, 1 << 20];
/** Bytes of a request that is larger than spillBytes. The rest, which goes over TCP, fits into TCP's window, so no later segment wakes the reader. */
const beyond = spillBytesRange.default + 50_000;

const burst: Situation = {
  name: 'burst',
  what: '70 small requests, each by a write of its own, while the reader is busy for 60 ms with the first: more than are redirected without an answer',
  ways,
  timed: true,
  onTcp: 'burst',
  short: true,
  play: (client) => client.do('burst', { count: 70, up: small, busyMs: 60 }),
};

const stopped: Situation = {
  name: 'stopped and continued',
  what: 'the reader’s container is frozen for 100 ms while it waits for a request',
  ways,
  timed: false,
  onTcp: 'stopped and continued',
  short: true,
  play: (client) => client.do('stopped', { up: small, busyMs: 100 }),
};

/** A request that is sent by one write, and an answer of the same length. */
function large(name: string, what: string, bytes: number, more: Partial<Situation> = {}): Situation {
  return { name, what, ways, timed: true, onTcp: name, play: (client) => client.do('large', { up: bytes, down: bytes, whole: true }), ...more };
}

/** A change between two halves of a pipelined exchange: when it is made two requests are unread, and a third follows. */
function changed(name: string, what: string, change: (stand: Stand) => Promise<void> | void, more: Partial<Situation> = {}): Situation {
  return {
    name,
    what: `between two halves of a pipelined exchange, while the reader is busy for 150 ms, ${what}`,
    ways: ['visited', 'unvisited'],
    timed: false,
    onTcp: 'nothing changes',
    async play(client, stand) {
      await client.do('firstHalf', { up: small, busyMs: 150 });
      if (stand.attached) await change(stand);
      return client.do('secondHalf', { up: small });
    },
    ...more,
  };
}

/** A change, and then a large body on a connection that was joined until then. Its sockets may still be in the map, or in that of a removed product. */
function largeAfter(
  name: string,
  what: string,
  change: (stand: Stand) => Promise<void> | void,
  on: readonly Way[] = ['visited', 'unvisited'],
): Situation {
  return {
    name,
    what: `${what}, and the first large body, of 8 MB, comes on a connection that was joined before`,
    ways: on,
    timed: false,
    onTcp: 'large body',
    async play(client, stand) {
      if (stand.attached) await change(stand);
      return client.do('large', { up: 8 * megabyte, down: small, whole: false });
    },
  };
}

export const situations: readonly Situation[] = [
  burst,
  stopped,
  changed('nothing changes', 'nothing happens', () => undefined, { ways }),
  changed('Off', 'the mode becomes Off', (stand) => stand.configure({ mode: 'Off' }), { short: true }),
  changed('Observe', 'the mode becomes Observe', (stand) => stand.configure({ mode: 'Observe' })),
  changed('limits', 'the spill bound becomes 4 KiB', (stand) => stand.configure({ spillBytes: 4 * kilobyte })),
  changed('deselected', 'the reader’s pod is deselected', (stand) => stand.select(false), { short: true }),
  changed('agent killed', 'the agent dies', (stand) => stand.abandon()),
  changed('agent upgraded', 'a new agent takes over what is pinned', (stand) => {
    stand.abandon();
    stand.restore();
  }),
  changed('agent upgraded to other maps', 'a new agent with maps of another version takes over', (stand) => stand.remap()),
  changed('drained', 'the mode becomes Off, and the product is removed as an agent does it', async (stand) => {
    await stand.drain();
    stand.release();
  }),
  changed('deleted', 'the product is removed as an agent does it, and installed again at once', async (stand) => {
    await stand.drain();
    stand.release();
    stand.restore();
  }),
  largeAfter('Off, large body', 'the mode becomes Off', (stand) => stand.configure({ mode: 'Off' })),
  // The next situations begin with new maps, in which no reader is known. On kernels without scans no connection has to leave before a removal.
  largeAfter(
    'deleted, large body',
    'the mode becomes Off, connections that have to leave have left, and everything is removed',
    async (stand) => {
      await stand.drain();
      stand.release();
    },
    ['visited'],
  ),
  {
    begins: true,
    ...large(
      'first large body',
      'a body of 8 MB in pieces of 256 KiB: the first large one after small ones, when learning is long over',
      8 * megabyte,
    ),
    short: true,
    play: (client) => client.do('large', { up: 8 * megabyte, down: small, whole: false }),
  },
  {
    ...large('beyond the bound', 'a request 50 kB larger than spillBytes by one write, while the reader is busy for 60 ms', beyond),
    short: true,
    play: (client) => client.do('large', { up: beyond, down: small, whole: true, first: small, busyMs: 60 }),
  },
  {
    ...large(
      'reader away',
      'a request of 2.4 MB in pieces of 256 KiB, while the reader is away for a second: what it finds then, and how soon the rest follows',
      megabyte,
    ),
    play: (client) => client.do('large', { up: 2_400_000, down: small, whole: false, first: small, busyMs: 1000 }),
  },
  large('4 MB', '4 MB by one write, and as many back', 4 * megabyte),
  large('48 MB', '48 MB by one write, and as many back', 48 * megabyte),
];
