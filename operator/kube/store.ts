// The last known objects of one collection by key, with a callback for every change.
import { errorLine } from '../base';
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

  /** Replaces all objects by a complete list, and calls onChange for the objects that differ. */
  replace(listed: readonly Identified[]): void {
    const keys = new Set(listed.map(({ key }) => key));
    const gone = [...this.entries.keys()].filter((key) => !keys.has(key));
    const changed = listed.filter((item) => this.put(item)).map(({ key }) => key);
    for (const key of gone) this.entries.delete(key);
    for (const key of [...gone, ...changed]) this.tell(key);
  }

  /** Stores an added or modified object. An object of the version that is stored already is no change. */
  set(item: Identified): void {
    if (this.put(item)) this.tell(item.key);
  }

  delete(item: Identified): void {
    if (this.entries.delete(item.key)) this.tell(item.key);
  }

  /**
   * Stores the object, and returns true when it differs from before. When it cannot be parsed, the last good state stays: if the object looked
   * deleted, its user could clean up something that is still in use.
   */
  private put({ key, version, raw }: Identified): boolean {
    if (version !== '' && this.entries.get(key)?.version === version) return false;
    try {
      this.entries.set(key, { version, object: this.options.parse(raw) });
      return true;
    } catch (error) {
      const kept = this.entries.has(key) ? 'its last readable state is kept' : 'it is left out';
      this.options.onProblem(`reading ${key} at version ${version}: ${errorLine(error)}; ${kept}`);
      return false;
    }
  }

  private tell(key: string): void {
    try {
      this.options.onChange(key, this.get(key));
    } catch (error) {
      this.options.onProblem(`handling the change of ${key}: ${errorLine(error)}`);
    }
  }
}
