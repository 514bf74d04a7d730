// A limited number of places that client addresses share. When all are taken, the address with most places can lose one to another address.
// Anything that names a client can stand for an address: the live API has the namespace that is asked about.
export interface PlaceLimits {
  /** Number of places. */
  readonly all: number;
  /** An address loses its oldest place to a newcomer when it has at least this many places more; with 0 every newcomer gets a place. */
  readonly lead: number;
  /** Milliseconds after which the oldest place goes to an address without a place, when no address has the lead. Undefined: it does not. */
  readonly reclaimAfterMs?: number;
}

export interface PlaceEvents<Holder> {
  /** A holder has lost its place to another address. */
  onLost(holder: Holder): void;
  /** False while a holder must not lose its place by `reclaimAfterMs`. */
  mayLose?(holder: Holder): boolean;
}

export class FairPlaces<Holder> {
  private readonly taken = new Map<string, Set<Holder>>();
  /** Holder → when it got its place, in milliseconds; oldest first. */
  private readonly since = new Map<Holder, number>();

  constructor(
    private readonly limits: PlaceLimits,
    private readonly events: PlaceEvents<Holder>,
    /** A monotonic clock in milliseconds. */
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Number of places that the address holds. */
  of(address: string): number {
    return this.taken.get(address)?.size ?? 0;
  }

  /** Gives the holder a place. @returns false when none is free and none could be taken from another address */
  take(address: string, holder: Holder): boolean {
    if (this.since.size >= this.limits.all && !this.makeRoom(address)) return false;
    const own = this.taken.get(address);
    if (own === undefined) this.taken.set(address, new Set([holder]));
    else own.add(holder);
    this.since.set(holder, this.now());
    return true;
  }

  /** Frees the holder's place; does nothing when it has none. */
  giveBack(address: string, holder: Holder): void {
    const own = this.taken.get(address);
    if (own?.delete(holder) !== true) return;
    this.since.delete(holder);
    if (own.size === 0) this.taken.delete(address);
  }

  private makeRoom(newcomer: string): boolean {
    const [address, holders] = this.fullest();
    if (holders.size === 0) return false;
    const [oldest] = holders.size - this.of(newcomer) < this.limits.lead ? [] : holders;
    if (oldest !== undefined) return this.lose(address, oldest);
    return this.of(newcomer) === 0 && this.loseOldest();
  }

  private loseOldest(): boolean {
    const { reclaimAfterMs } = this.limits;
    if (reclaimAfterMs === undefined) return false;
    for (const [oldest, since] of this.since) {
      if (this.now() - since < reclaimAfterMs) return false;
      if (this.events.mayLose?.(oldest) === false) continue;
      for (const [address, holders] of this.taken) if (holders.has(oldest)) return this.lose(address, oldest);
    }
    return false;
  }

  private lose(address: string, holder: Holder): true {
    this.giveBack(address, holder);
    this.events.onLost(holder);
    return true;
  }

  private fullest(): readonly [string, ReadonlySet<Holder>] {
    let found: readonly [string, ReadonlySet<Holder>] = ['', new Set()];
    for (const each of this.taken) if (each[1].size > found[1].size) found = each;
    return found;
  }
}
