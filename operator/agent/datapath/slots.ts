// The slot of each Kubernetes namespace in the statistics. A pinned map keeps it, so that the next agent finds the same slots.
import type { Maps } from './abi';

export class Slots {
  private readonly byName = new Map<string, number>();
  private readonly free: number[] = [];

  /** @param idle whether no connection is counted in a slot any more, so that another namespace may have it */
  constructor(
    private readonly maps: Pick<Maps, 'namespaces' | 'statistics'>,
    private readonly idle: (slot: number) => boolean,
  ) {
    // an array map has every slot as a key
    for (const slot of [...maps.namespaces.keys()].reverse()) {
      const name = slotName(maps.namespaces.get(slot)?.name);
      if (name === '') this.free.push(slot);
      else this.byName.set(name, slot);
    }
  }

  entries(): IterableIterator<[string, number]> {
    return this.byName.entries();
  }

  nameOf(slot: number): string {
    return slotName(this.maps.namespaces.get(slot)?.name);
  }

  /** The slot of `namespace`. Undefined where every slot belongs to one of `wanted` or still counts connections. */
  take(namespace: string, wanted: ReadonlySet<string>): number | undefined {
    const known = this.byName.get(namespace);
    if (known !== undefined) return known;
    const slot = this.free.pop() ?? this.reclaim(wanted);
    if (slot === undefined) return undefined;
    this.maps.statistics.clear(slot);
    this.maps.namespaces.set(slot, { name: Buffer.from(namespace, 'utf8') });
    this.byName.set(namespace, slot);
    return slot;
  }

  private reclaim(wanted: ReadonlySet<string>): number | undefined {
    for (const [name, slot] of this.byName) {
      if (wanted.has(name) || !this.idle(slot)) continue;
      this.byName.delete(name);
      return slot;
    }
    return undefined;
  }
}

function slotName(bytes: Buffer | undefined): string {
  if (bytes === undefined) return '';
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
