// A witness is a program that others wrote, or that reads as many programs do. It reads TCP by the documented rules.
import type { Stand } from './stand';

/** The protocol of client/protocols that the client speaks to the witness. */
export type ProtocolName = 'frames' | 'upgraded' | 'http' | 'files' | 'redis' | 'memcached' | 'mysql';

export interface Witness {
  readonly name: string;
  readonly protocol: ProtocolName;
  /** How the witness reads, and why that is a case of its own; for the page. */
  readonly reads: string;
  /**
   * How the client keeps the witness busy. `asked`: its protocol has a request for that. `frozen`: its container is frozen for as long, which the
   * program cannot tell from being busy. With a proxy, the proxy is frozen and not the server behind it.
   */
  readonly busy: 'asked' | 'frozen';
  readonly port: number;
  /** True for the witnesses of the short form, which need neither Rust nor Java. */
  readonly short?: boolean;
  /** Situations that the witness cannot play, and why. */
  readonly leavesOut?: Readonly<Record<string, string>>;
  /** Builds or fetches what the witness needs, once. @throws with the name of what is missing */
  prepare(): Promise<void>;
  /** Starts the witness; resolves when it listens. */
  start(stand: Stand): Promise<Started>;
}

export interface Started {
  /** Makes the witness read in another way from the first large body on, for example by splice(2). */
  beginLarge?(): void;
}
