// Entry point: runs the agent, or asks a running one.
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { startAgent } from './agent';
import { connections } from './connections';
import { mountTracing, onWarning, openDatapath, releasePinned, switchOffPinned } from './datapath';
import { parseBtf } from './datapath/btf';
import { section } from './datapath/elf';
import { abiOf } from './datapath/program';
import { readEnvironment, readInspector } from './environment';
import { enterHostCgroups } from './hostCgroups';
import { createLog, frugalMemory } from '../process';
import { productVersion } from '../api';
import { limitConnecting } from '../protocol';

async function run(): Promise<void> {
  frugalMemory();
  limitConnecting();
  const environment = readEnvironment(process.env);
  const log = createLog(environment.logLevel, { component: 'agent', node: environment.node });
  // Crash-only: what nobody expected ends the process; the kernel goes on, and the next start takes it over.
  const die = (error: unknown): never => {
    log.error('unexpected error, the agent ends and is started again', { error: error instanceof Error ? error.stack : String(error) });
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
  const agent = await startAgent({ environment, log, openDatapath: (options) => openDatapath({ ...options, warn }), leftovers, mapAbi, onDefect: die, warnings: () => warnings });
  log.info('started', { version: productVersion(), mapAbi });

  const stop = (signal: string): void => {
    log.info(`${signal}: the agent ends, the kernel goes on`);
    agent.close().then(() => process.exit(0), die);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** An object that cannot be read is told again, to the controller too, when it is to be loaded. */
function readAbi(object: string, onProblem: (why: string) => void): number {
  try {
    return abiOf(parseBtf(section(readFileSync(object), '.BTF')));
  } catch (error) {
    onProblem(`reading ${object}: ${error instanceof Error ? error.message : String(error)}`);
    return 0;
  }
}

const program = new Command('agent').description('Node agent of sidecar-acceleration; configured by its environment.').action(run);

program
  .command('connections')
  .description('Prints the joined connections of this node with the destination each client asked for.')
  .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
  .addOption(new Option('--limit <number>', 'most rows').default(1000).argParser(Number))
  .action(async (options: { output: 'table' | 'json'; limit: number }) => {
    process.stdout.write(`${await connections({ ...options, socket: readInspector(process.env) })}\n`);
  });

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
