// accelctl report: writes an archive for a request for help, without secrets.
import { basename } from 'node:path';
import { Option, InvalidArgumentError, type Command } from 'commander';
import { productVersion } from '../../api';
import { namespaceHelp } from '../doctor/place';
import type { ClusterOptions } from '../kubeconfig';
import type { Surroundings } from '../surroundings';
import { bytes } from '../units';
import { writeArchive } from './archive';
import { bundleOf } from './bundle';

interface ReportOptions extends ClusterOptions {
  readonly namespace?: string;
  readonly file?: string;
  readonly lines: number;
}

export function addReport(program: Command, world: Surroundings): void {
  program
    .command('report')
    .description('write an archive for a request for help: resource, doctor’s findings, objects, events and logs; secrets are redacted')
    .option('-f, --file <path>', 'file to write; accelctl-report-<time>.tar.gz by default')
    .option('-n, --namespace <name>', namespaceHelp)
    .addOption(new Option('--lines <count>', 'number of lines of each log, of which at most 4 MiB are kept').argParser(lineCount).default(5_000))
    .addHelpText('after', '\nExamples:\n  $ accelctl report\n  $ accelctl report -f /tmp/report.tar.gz && tar -tzf /tmp/report.tar.gz')
    .action((_own, command: Command) => report(command.optsWithGlobals<ReportOptions>(), world));
}

async function report(options: ReportOptions, world: Surroundings): Promise<void> {
  const now = world.now();
  const name = `accelctl-report-${now
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '')}`;
  const { namespace, lines, file = `${name}.tar.gz` } = options;
  const onPart = (text: string, done: number, total: number): void => world.progress.show({ text, done, total });
  try {
    const files = bundleOf(world.cluster(options), { namespace, lines, accelctl: productVersion(), now, onPart });
    const { names, bytes: size } = await writeArchive(file, name, files, now);
    const isPartial = names.includes('missing.txt');
    world.progress.finish();
    world.print(
      `${file}: ${names.length} files, ${bytes(size)} of text${isPartial ? '; its missing.txt names what could not be read' : ''}\nRead it before you send it: tar -xzf ${basename(file)} && less ${name}/README.txt`,
    );
  } finally {
    world.progress.finish();
  }
}

function lineCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000) throw new InvalidArgumentError('not a number from 1 to 1000000');
  return count;
}
