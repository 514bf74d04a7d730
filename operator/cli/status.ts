// accelctl status: what the resource says, as a table, as JSON or as YAML, once or whenever it changes.
import type { Command } from 'commander';
import type { SidecarAcceleration } from '../api';
import { exitCode } from './exit';
import type { ClusterOptions } from './kubeconfig';
import { addOutput, formatted, type OutputOptions } from './output';
import { Persistence } from './persistence';
import { readinessOf } from './readiness';
import { statusTable } from './statusTable';
import type { Surroundings } from './surroundings';

interface StatusOptions extends ClusterOptions, OutputOptions {
  readonly watch: boolean;
}

export function addStatus(program: Command, world: Surroundings): void {
  const command = program
    .command('status')
    .description('show what is accelerated, per namespace, and what is not and why')
    .option('-w, --watch', 'print it again whenever it changes', false)
    .addHelpText('after', '\nExamples:\n  $ accelctl status --watch\n  $ accelctl status -o json | jq .status.connections')
    .action((_own, called: Command) => status(called.optsWithGlobals<StatusOptions>(), world));
  addOutput(command);
}

async function status(options: StatusOptions, world: Surroundings): Promise<void> {
  const cluster = world.cluster(options);
  const persistence = new Persistence(world);
  let printed: string | undefined;
  do {
    const resource = await persistence.look(() => cluster.resource());
    if (resource === undefined) continue;
    // Ages move on by themselves; only a new version of the resource is news.
    if (resource.metadata.resourceVersion !== printed) {
      const text = formatted(options.output, readable(resource), () => statusTable(resource, world.now(), world.paint));
      world.print(separated(text, options, printed));
    }
    printed = resource.metadata.resourceVersion;
    world.end(readinessOf(resource).ready ? exitCode.fine : exitCode.notReady);
  } while (options.watch && (await world.nextLook()));
}

/** Without who owns which field, as kubectl shows objects: it is longer than all the rest. */
function readable({ metadata, ...rest }: SidecarAcceleration): object {
  const { apiVersion, kind, ...others } = rest;
  return { apiVersion, kind, metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== 'managedFields')), ...others };
}

/** Between two prints: a document marker in YAML, an empty line in a table; JSON texts need none. */
function separated(text: string, { output }: StatusOptions, printed: string | undefined): string {
  if (printed === undefined || output === 'json') return text;
  return `${output === 'yaml' ? '---' : ''}\n${text}`;
}
