// Arguments and options that the commands of live data share.
import { type Command, InvalidArgumentError } from 'commander';
import { maxListedConnections } from '../../api';
import type { ClusterOptions } from '../kubeconfig';

export interface LiveOptions extends ClusterOptions {
  readonly namespace?: string;
}

/** Adds the argument `[namespace|pod]` and the option `-n`. */
export function addTarget(command: Command): Command {
  return command
    .argument('[namespace|pod]', 'a namespace, or a pod as NAMESPACE/POD; all namespaces by default')
    .option('-n, --namespace <name>', 'the argument is a pod of this namespace');
}

/** Parses a number of rows. @throws InvalidArgumentError, which ends the program as a usage error */
export function rows(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > maxListedConnections)
    throw new InvalidArgumentError(`not a number from 1 to ${maxListedConnections}`);
  return count;
}
