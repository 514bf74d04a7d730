// Places for open requests. Each namespace that is asked about has a fair share of them, and so has each asker within a namespace.
import { FairPlaces } from '../../ports';
import { Refusal } from './refusal';

export interface PlaceLimits {
  /** Most open requests of all askers. */
  readonly all: number;
  /** Most open requests of one asker. */
  readonly each: number;
  /** Milliseconds after which the oldest request ends for a namespace without a place, when no namespace has two places more than that one. */
  readonly reclaimAfterMs: number;
}

/** Who asks, and about which namespace; an empty namespace stands for all of them together. */
export interface Asking {
  readonly asker: string;
  readonly namespace: string;
}

export interface Place {
  /** Aborted when another request got the place; the holder must end at once. The reason is the Refusal to answer with. */
  readonly lost: AbortSignal;
  giveBack(): void;
}

interface Held extends Asking {
  readonly over: AbortController;
}

/** So many places more than a newcomer has somebody who loses one to it; with 1 two of them would take it from each other for ever. */
const lead = 2;

const tooMany = (message: string): Refusal => new Refusal(429, 'TooManyRequests', message, 1);

const account = /^system:serviceaccount:[^:]*:/;

/** Who a user counts as. All ServiceAccounts of a namespace count as one, because whoever administers the namespace makes any number of them. */
export function askerOf(user: string): string {
  const [prefix] = account.exec(user) ?? [];
  return prefix === undefined ? user : `${prefix}*`;
}

export class Places {
  private readonly places: FairPlaces<Held>;
  /** Oldest first. */
  private readonly held = new Set<Held>();

  constructor(
    /** What the limits count, in the plural, for messages. */
    private readonly what: string,
    private readonly limits: PlaceLimits,
    /** A monotonic clock in milliseconds. */
    now?: () => number,
  ) {
    this.places = new FairPlaces<Held>({ ...limits, lead }, { onLost: (holder) => this.onLost(holder) }, now);
  }

  /**
   * Takes a place. When all are taken, the namespace with the most places loses its oldest one to a namespace that has clearly fewer, and within
   * the namespace the asker with the most to one that has clearly fewer.
   * @throws Refusal with 429
   */
  take({ asker, namespace }: Asking): Place {
    const own = this.of(asker).length;
    const who = account.test(asker) ? 'this user and the other ServiceAccounts of its namespace have' : 'this user has';
    if (own >= this.limits.each) throw tooMany(`${who} ${own} open ${this.what}, which is the limit; end one or try again later`);
    const holder = { asker, namespace, over: new AbortController() };
    if (!this.places.take(namespace, holder) && !(this.makeRoom(holder) && this.places.take(namespace, holder)))
      throw tooMany(`${this.held.size} ${this.what} are open, which is the limit; try again later`);
    this.held.add(holder);
    return { lost: holder.over.signal, giveBack: () => this.giveBack(holder) };
  }

  private giveBack(holder: Held): void {
    this.held.delete(holder);
    this.places.giveBack(holder.namespace, holder);
  }

  private onLost(holder: Held): void {
    this.held.delete(holder);
    holder.over.abort(tooMany(`too many ${this.what} are open, and this one ended for another namespace or user; try again later`));
  }

  /** Takes a place, for this asker, from the asker who has the most of the same namespace. */
  private makeRoom({ asker, namespace }: Asking): boolean {
    const within = [...this.held].filter((each) => each.namespace === namespace);
    const of = (whose: string): Held[] => within.filter((each) => each.asker === whose);
    const [fullest = []] = [...new Set(within.map((each) => each.asker))].map(of).sort((a, b) => b.length - a.length);
    const [oldest] = fullest;
    if (oldest === undefined || fullest.length - of(asker).length < lead) return false;
    this.places.giveBack(namespace, oldest);
    this.onLost(oldest);
    return true;
  }

  private of(asker: string): Held[] {
    return [...this.held].filter((each) => each.asker === asker);
  }
}
