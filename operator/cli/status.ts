// accelctl status: what the resource says, as a table, as JSON or as YAML, once or whenever it changes.
import { Option, type Command } from 'commander';
import { stringify } from 'yaml';
import type { SidecarAcceleration } from '../api';
import type { ClusterOptions } from './cluster';
import { exitCode } from './exit';
import { readinessOf } from './readiness';
import { statusTable } from './statusTable';
import type { Surroundings } from './surroundings';

const formats = {
  table: (resource: SidecarAcceleration, now: Date) => statusTable(resource, now),
  json: (resource: SidecarAcceleration) => JSON.stringify(resource, null, 2),
  yaml: (resource: SidecarAcceleration) => stringify(resource, { version: '1.1', lineWidth: 0 }).trimEnd(),
} as const;

interface StatusOptions extends ClusterOptions {
  readonly output: keyof typeof formats;
  readonly watch: boolean;
}

export function addStatus(program: Command, world: Surroundings): void {
  program
    .command('status')
    .description('show what is accelerated, per namespace, and what is not and why')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(Object.keys(formats)).default('table'))
    .option('-w, --watch', 'print it again whenever it changes', false)
    .action((_own, command: Command) => status(command.optsWithGlobals<StatusOptions>(), world));
}

async function status(options: StatusOptions, world: Surroundings): Promise<void> {
  const cluster = world.cluster(options);
  let printed: string | undefined;
  do {
    const resource = await cluster.resource();
    // Ages move on by themselves; only a new version of the resource is news.
    if (resource.metadata.resourceVersion !== printed) world.print(separated(formats[options.output](resource, world.now()), options, printed));
    printed = resource.metadata.resourceVersion;
    world.end(readinessOf(resource).ready ? exitCode.fine : exitCode.notReady);
  } while (options.watch && (await world.nextLook()));
}

/** Between two prints: a document marker in YAML, an empty line in a table; JSON texts need none. */
function separated(text: string, { output }: StatusOptions, printed: string | undefined): string {
  if (printed === undefined || output === 'json') return text;
  return `${output === 'yaml' ? '---' : ''}\n${text}`;
}
