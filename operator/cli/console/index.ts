// accelctl console: a page on this machine with the state of the cluster and the switches, acting with the user's kubeconfig.
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ClusterOptions } from '../kubeconfig';
import type { Surroundings } from '../surroundings';
import { newSecret } from './guard';
import { serveConsole } from './server';

interface ConsoleCommandOptions extends ClusterOptions {
  readonly port: number;
}

export function addConsole(program: Command, world: Surroundings): void {
  program
    .command('console')
    .description('serve a page on this machine that shows the state and has the switches; it ends with Ctrl-C')
    .addOption(new Option('--port <number>', 'port on 127.0.0.1; any that is free by default').argParser(portNumber).default(0, 'a free one'))
    .addHelpText('after', '\nExample:\n  $ accelctl console --context staging\n\nThe address it prints holds a secret of this launch: who has it acts with your rights until it ends.')
    .action((_own, command: Command) => serve(command.optsWithGlobals<ConsoleCommandOptions>(), world));
}

async function serve(options: ConsoleCommandOptions, world: Surroundings): Promise<void> {
  const cluster = world.cluster(options);
  // Says before anybody opens a browser that the cluster cannot be reached, or may not be read.
  await cluster.resourceIfAny();
  const secret = newSecret();
  const server = await serveConsole({ cluster, secret, port: options.port });
  try {
    // A fragment is not sent to anybody: it reaches no log and no other site.
    world.print(`http://127.0.0.1:${server.port}/#${secret}`);
    await world.ended();
  } finally {
    await server.close();
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('not a port from 0 to 65535');
  return port;
}
