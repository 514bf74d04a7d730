// The last known state of one kind of object by key, and word of every change of it.
import { messageOf } from './errors';
import type { Identified } from './watchEvent';

export interface StoreOptions<T> {
  readonly parse: (raw: unknown) => T;
  readonly onChange: (key: string, object: T | undefined) => void;
  readonly onProblem: (problem: string) => void;
}

interface Entry<T> {
  readonly version: string;
  readonly object: T;
}

export class Store<T> {
  private readonly entries = new Map<string, Entry<T>>();

  constructor(private readonly options: StoreOptions<T>) {}

  get(key: string): T | undefined {
    return this.entries.get(key)?.object;
  }

  list(): readonly T[] {
    return Array.from(this.entries.values(), ({ object }) => object);
  }

  /** Makes the store what a complete list says; tells of changes only. */
  replace(listed: readonly Identified[]): void {
    const keys = new Set(listed.map(({ key }) => key));
    const gone = [...this.entries.keys()].filter((key) => !keys.has(key));
    const changed = listed.filter((item) => this.put(item)).map(({ key }) => key);
    for (const key of gone) this.entries.delete(key);
    for (const key of [...gone, ...changed]) this.tell(key);
  }

  /** Takes in what was added or modified; the state that is known already is told no second time. */
  set(item: Identified): void {
    if (this.put(item)) this.tell(item.key);
  }

  delete(item: Identified): void {
    if (this.entries.delete(item.key)) this.tell(item.key);
  }

  /**
   * True when the object is another than before. One that cannot be parsed leaves the last good state in place: to take it
   * for deleted could make its reader clean up what is still wanted.
   */
  private put({ key, version, raw }: Identified): boolean {
    if (version !== '' && this.entries.get(key)?.version === version) return false;
    try {
      this.entries.set(key, { version, object: this.options.parse(raw) });
      return true;
    } catch (error) {
      const kept = this.entries.has(key) ? 'its last readable state is kept' : 'it is left out';
      this.options.onProblem(`reading ${key} at version ${version}: ${messageOf(error)}; ${kept}`);
      return false;
    }
  }

  private tell(key: string): void {
    try {
      this.options.onChange(key, this.get(key));
    } catch (error) {
      this.options.onProblem(`telling of the change of ${key}: ${messageOf(error)}`);
    }
  }
}
