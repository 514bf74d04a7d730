// accelctl report: one archive with everything that helps somebody else to see what is wrong, without anything secret.
import { basename } from 'node:path';
import { Option, InvalidArgumentError, type Command } from 'commander';
import { productVersion } from '../../api';
import type { ClusterOptions } from '../kubeconfig';
import type { Surroundings } from '../surroundings';
import { bytes } from '../units';
import { writeArchive } from './archive';
import { bundleOf } from './bundle';

interface ReportOptions extends ClusterOptions {
  readonly namespace: string;
  readonly file?: string;
  readonly lines: number;
}

export function addReport(program: Command, world: Surroundings): void {
  program
    .command('report')
    .description('write an archive to send along when you ask for help: resource, doctor, objects, events and logs; secrets are taken out')
    .option('-f, --file <path>', 'where to write it; accelctl-report-<time>.tar.gz by default')
    .option('-n, --namespace <name>', 'where the product is installed, if it is not found', 'sidecar-acceleration')
    .addOption(new Option('--lines <count>', 'how many lines of each log').argParser(lineCount).default(5_000))
    .addHelpText('after', '\nExamples:\n  $ accelctl report\n  $ accelctl report -f /tmp/report.tar.gz && tar -tzf /tmp/report.tar.gz')
    .action((_own, command: Command) => report(command.optsWithGlobals<ReportOptions>(), world));
}

async function report(options: ReportOptions, world: Surroundings): Promise<void> {
  const now = world.now();
  const name = `accelctl-report-${now.toISOString().replace(/\.\d+Z$/, 'Z').replaceAll(':', '')}`;
  const { namespace, lines, file = `${name}.tar.gz` } = options;
  const onPart = (text: string, done: number, total: number): void => world.progress.show({ text, done, total });
  try {
    const files = await bundleOf(world.cluster(options), { namespace, lines, accelctl: productVersion(), now, onPart });
    await writeArchive(file, name, files, now);
    const size = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    const isPartial = files.some((each) => each.name === 'missing.txt');
    world.progress.finish();
    world.print(`${file}: ${files.length} files, ${bytes(size)} of text${isPartial ? '; missing.txt in it says what could not be read' : ''}\nLook through it before you send it: tar -xzf ${basename(file)} && less ${name}/README.txt`);
  } finally {
    world.progress.finish();
  }
}

function lineCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000) throw new InvalidArgumentError('not a number from 1 to 1000000');
  return count;
}
