// A number of places that addresses share: when all are taken, who has most gives one to who has less.
export interface PlaceLimits {
  readonly all: number;
  /** How many places more an address must have than that of a newcomer to lose its oldest to it; with 0 every newcomer gets in. */
  readonly lead: number;
}

export class FairPlaces<Holder> {
  private readonly taken = new Map<string, Set<Holder>>();
  private count = 0;

  constructor(
    private readonly limits: PlaceLimits,
    /** Is told that it has lost its place. */
    private readonly onLost: (holder: Holder) => void,
  ) {}

  of(address: string): number {
    return this.taken.get(address)?.size ?? 0;
  }

  /** @returns false when there is none for it */
  take(address: string, holder: Holder): boolean {
    if (this.count >= this.limits.all && !this.makeRoom(address)) return false;
    const own = this.taken.get(address);
    if (own === undefined) this.taken.set(address, new Set([holder]));
    else own.add(holder);
    this.count += 1;
    return true;
  }

  /** Does nothing when it has none. */
  giveBack(address: string, holder: Holder): void {
    const own = this.taken.get(address);
    if (own?.delete(holder) !== true) return;
    this.count -= 1;
    if (own.size === 0) this.taken.delete(address);
  }

  private makeRoom(newcomer: string): boolean {
    const [address, holders] = this.fullest();
    if (holders.size === 0 || holders.size - this.of(newcomer) < this.limits.lead) return false;
    const [oldest] = holders;
    if (oldest === undefined) return false;
    this.giveBack(address, oldest);
    this.onLost(oldest);
    return true;
  }

  private fullest(): readonly [string, ReadonlySet<Holder>] {
    let found: readonly [string, ReadonlySet<Holder>] = ['', new Set()];
    for (const each of this.taken) if (each[1].size > found[1].size) found = each;
    return found;
  }
}
