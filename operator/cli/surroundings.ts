// The cluster, terminal, clock and signals that commands use; tests pass fakes.
import type { Cluster } from './cluster';
import type { ExitCode } from './exit';
import type { ClusterOptions } from './kubeconfig';
import type { Paint } from './paint';
import type { Progress } from './progress';

export interface Surroundings {
  /** Opens the cluster of the kubeconfig and context. @throws Failure as `clusterOf` */
  cluster(options: ClusterOptions): Cluster;
  /** Writes to standard output; the text has no trailing line feed. */
  print(text: string): void;
  /** Redraws the page on standard output; undefined when it is no terminal. */
  readonly draw?: ((text: string) => void) | undefined;
  /** Colours a text for standard output; without effect when it is no terminal, or the user wants no colours. */
  readonly paint: Paint;
  /** Shows progress on standard error. */
  readonly progress: Progress;
  now(): Date;
  /** Resolves with true when it is time for the next poll; with false when the user has interrupted the command (only in tests). */
  nextPoll(): Promise<boolean>;
  /** Resolves when the user interrupts the command (SIGINT, SIGTERM). */
  ended(): Promise<void>;
  /** Sets the exit code. */
  end(code: ExitCode): void;
}
