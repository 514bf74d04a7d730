// What the commands need of the world; tests pass their own.
import type { Cluster } from './cluster';
import type { ExitCode } from './exit';
import type { ClusterOptions } from './kubeconfig';
import type { Paint } from './paint';
import type { Progress } from './progress';

export interface Surroundings {
  /** Opens the cluster of the given options. */
  cluster(options: ClusterOptions): Cluster;
  /** Writes to standard output; the text has no trailing line feed. */
  print(text: string): void;
  /** Draws over what it drew before, where standard output is a terminal; undefined elsewhere. */
  readonly draw?: ((text: string) => void) | undefined;
  /** Colours what goes to standard output, where that is a terminal that wants them. */
  readonly paint: Paint;
  /** Shows how far something is, on standard error. */
  readonly progress: Progress;
  now(): Date;
  /** Resolves when it is time to look again; false when the user has had enough. */
  nextLook(): Promise<boolean>;
  /** Resolves when the user wants what runs until then to end. */
  ended(): Promise<void>;
  /** Sets how the program will end. */
  end(code: ExitCode): void;
}
