// What the commands need of the world; tests pass their own.
import type { Cluster, ClusterOptions } from './cluster';
import type { ExitCode } from './exit';

export interface Surroundings {
  /** Opens the cluster of the given options. */
  cluster(options: ClusterOptions): Cluster;
  /** Writes to standard output; the text has no trailing line feed. */
  print(text: string): void;
  now(): Date;
  /** Resolves when it is time to look again; false when the user has had enough. */
  nextLook(): Promise<boolean>;
  /** Sets how the program will end. */
  end(code: ExitCode): void;
}
