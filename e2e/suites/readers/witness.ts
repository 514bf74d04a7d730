// What a witness is: a program as others wrote it, or as many write theirs, that reads TCP by the documented rules.
import type { Stand } from './stand';

/** Which protocol of client/protocols the witness is asked in. */
export type ProtocolName = 'frames' | 'upgraded' | 'http' | 'files' | 'redis' | 'memcached' | 'mysql';

export interface Witness {
  readonly name: string;
  readonly protocol: ProtocolName;
  /** How it reads, and why that is a case of its own; for the page. */
  readonly reads: string;
  /**
   * How it is kept busy: `asked` when its protocol can ask for it; else its container is frozen for as long, which no program can tell from
   * being busy. Of a proxy it is the proxy that is frozen, not the server of ours behind it.
   */
  readonly busy: 'asked' | 'frozen';
  readonly port: number;
  /** True for those of the short form, which need neither Rust nor Java. */
  readonly short?: boolean;
  /** Situations that it cannot play, and why. */
  readonly leavesOut?: Readonly<Record<string, string>>;
  /** Brings what it needs to this machine; once. Throws with the name of what is missing. */
  prepare(): Promise<void>;
  /** Starts it; resolves when it listens. */
  start(stand: Stand): Promise<Started>;
}

export interface Started {
  /** What it does otherwise from the first large body on, such as beginning to splice. */
  beginLarge?(): void;
}
