// accelctl status: prints the resource's status as a table, JSON or YAML, once or after each change.
import type { Command } from 'commander';
import type { SidecarAcceleration } from '../api';
import { exitCode } from './exit';
import type { ClusterOptions } from './kubeconfig';
import { addOutput, formatted, type OutputOptions } from './output';
import { RetryingPoll } from './retryingPoll';
import { readinessOf } from './readiness';
import { statusTable } from './statusTable';
import type { Surroundings } from './surroundings';

interface StatusOptions extends ClusterOptions, OutputOptions {
  readonly watch: boolean;
}

export function addStatus(program: Command, world: Surroundings): void {
  const command = program
    .command('status')
    .description('show for each namespace what is accelerated, and the reasons of what is not')
    .option('-w, --watch', 'print the status again after each change', false)
    .addHelpText('after', '\nExamples:\n  $ accelctl status --watch\n  $ accelctl status -o json | jq .status.connections')
    .action((_own, called: Command) => status(called.optsWithGlobals<StatusOptions>(), world));
  addOutput(command);
}

async function status(options: StatusOptions, world: Surroundings): Promise<void> {
  const cluster = world.cluster(options);
  const polling = new RetryingPoll(world);
  let printed: string | undefined;
  do {
    const resource = await polling.poll(() => cluster.resource());
    if (resource === undefined) continue;
    // The ages in the table change with each poll; only a new version of the resource is printed.
    if (resource.metadata.resourceVersion !== printed) {
      const text = formatted(options.output, readable(resource), () => statusTable(resource, world.now(), world.paint));
      world.print(separated(text, options, printed));
    }
    printed = resource.metadata.resourceVersion;
    world.end(readinessOf(resource).ready ? exitCode.success : exitCode.notReady);
  } while (options.watch && (await world.nextPoll()));
}

/** The resource without metadata.managedFields, which is longer than the rest; kubectl leaves it out too. */
function readable({ metadata, ...rest }: SidecarAcceleration): object {
  const { apiVersion, kind, ...others } = rest;
  return { apiVersion, kind, metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== 'managedFields')), ...others };
}

/** Separates a print from the one before: by a document marker in YAML and an empty line between tables. JSON texts need no separator. */
function separated(text: string, { output }: StatusOptions, printed: string | undefined): string {
  if (printed === undefined || output === 'json') return text;
  return `${output === 'yaml' ? '---' : ''}\n${text}`;
}
