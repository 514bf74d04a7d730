// A number of places that addresses share: when all are taken, who has most gives one to who has less.
export interface PlaceLimits {
  readonly all: number;
  /** How many places more an address must have than that of a newcomer to lose its oldest to it; with 0 every newcomer gets in. */
  readonly lead: number;
  /** An address without any place takes that of whoever has had one for longer, when nobody has the lead. Undefined: nobody gives way for that. */
  readonly sureMs?: number;
}

export class FairPlaces<Holder> {
  private readonly taken = new Map<string, Set<Holder>>();
  /** When each got its place, oldest first. */
  private readonly since = new Map<Holder, number>();

  constructor(
    private readonly limits: PlaceLimits,
    /** Is told that it has lost its place. */
    private readonly onLost: (holder: Holder) => void,
    /** Milliseconds, of any beginning. */
    private readonly now: () => number = () => performance.now(),
  ) {}

  of(address: string): number {
    return this.taken.get(address)?.size ?? 0;
  }

  /** @returns false when there is none for it */
  take(address: string, holder: Holder): boolean {
    if (this.since.size >= this.limits.all && !this.makeRoom(address)) return false;
    const own = this.taken.get(address);
    if (own === undefined) this.taken.set(address, new Set([holder]));
    else own.add(holder);
    this.since.set(holder, this.now());
    return true;
  }

  /** Does nothing when it has none. */
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
    const [oldest] = this.since;
    const { sureMs } = this.limits;
    if (oldest === undefined || sureMs === undefined || this.now() - oldest[1] < sureMs) return false;
    for (const [address, holders] of this.taken) if (holders.has(oldest[0])) return this.lose(address, oldest[0]);
    return false;
  }

  private lose(address: string, holder: Holder): true {
    this.giveBack(address, holder);
    this.onLost(holder);
    return true;
  }

  private fullest(): readonly [string, ReadonlySet<Holder>] {
    let found: readonly [string, ReadonlySet<Holder>] = ['', new Set()];
    for (const each of this.taken) if (each[1].size > found[1].size) found = each;
    return found;
  }
}
