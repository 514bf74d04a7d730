// What the commands of live data have in common on the command line.
import { type Command, InvalidArgumentError } from 'commander';
import { maxListedConnections } from '../../api';
import type { ClusterOptions } from '../kubeconfig';

export interface LiveOptions extends ClusterOptions {
  readonly namespace?: string;
}

/** `[namespace|pod]` and `-n`. */
export function addTarget(command: Command): Command {
  return command
    .argument('[namespace|pod]', 'a namespace, or a pod as NAMESPACE/POD; everything without it')
    .option('-n, --namespace <name>', 'the argument is a pod of this namespace');
}

/** @throws InvalidArgumentError, which ends the program as a usage error */
export function rows(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > maxListedConnections) throw new InvalidArgumentError(`not a number from 1 to ${maxListedConnections}`);
  return count;
}
