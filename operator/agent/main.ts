// Entry point: runs the agent, or, with the subcommand `connections`, asks a running agent.
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { errorMessage } from '../base';
import { startAgent } from './agent';
import { connections } from './connections';
import { mountTracing, onWarning, openDatapath, releasePinned, switchOffPinned } from './datapath';
import { parseBtf } from './datapath/btf';
import { section } from './datapath/elf';
import { abiOf } from './datapath/program';
import { readEnvironment, readInspector } from './environment';
import { enterHostCgroups } from './hostCgroups';
import { countWarnings, createLog, frugalMemory } from '../process';
import { productVersion } from '../api';
import { limitConnecting } from '../protocol';

async function run(): Promise<void> {
  frugalMemory();
  limitConnecting();
  const environment = readEnvironment(process.env);
  const log = createLog(environment.logLevel, { component: 'agent', node: environment.node });
  countWarnings((line) => void log.warn(line));
  // An unexpected error ends the process. The programs in the kernel go on, and the next process takes the datapath over.
  const die = (error: unknown): never => {
    log.error('an unexpected error ends the agent; the kubelet starts it again', { error: error instanceof Error ? error.stack : String(error) });
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  let warnings = 0;
  const warn = (text: string): void => {
    warnings += 1;
    log.warn(text);
  };
  onWarning(warn);
  for (const trouble of [enterHostCgroups(), mountTracing()]) if (trouble !== undefined) log.warn(trouble);

  const mapAbi = readAbi(environment.object, (why) => log.error(why));
  const leftovers = { switchOff: switchOffPinned, release: releasePinned };
  const agent = await startAgent({
    environment,
    log,
    openDatapath: (options) => openDatapath({ ...options, warn }),
    leftovers,
    mapAbi,
    onDefect: die,
    warnings: () => warnings,
  });
  log.info('started', { version: productVersion(), mapAbi });

  const stop = (signal: string): void => {
    log.info(`received ${signal}: the agent ends, the programs in the kernel go on`);
    agent.close().then(() => process.exit(0), die);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** The map version of the object; 0 when the object cannot be read, which is reported to the controller when the object is loaded. */
function readAbi(object: string, onProblem: (why: string) => void): number {
  try {
    return abiOf(parseBtf(section(readFileSync(object), '.BTF')));
  } catch (error) {
    onProblem(`read ${object}: ${errorMessage(error)}`);
    return 0;
  }
}

const program = new Command('agent').description('Node agent of sidecar-acceleration, configured by environment variables.').action(run);

program
  .command('connections')
  .description('Prints the joined connections of this node with the destination that each client asked for.')
  .addOption(new Option('-o, --output <format>', 'format of the output').choices(['table', 'json']).default('table'))
  .addOption(new Option('--limit <number>', 'most rows').default(1000).argParser(Number))
  .action(async (options: { output: 'table' | 'json'; limit: number }) => {
    process.stdout.write(`${await connections({ ...options, socket: readInspector(process.env) })}\n`);
  });

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
