// accelctl console: serves a page on the local host that shows the cluster's state and can change it, with the rights of the user's kubeconfig.
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
    .description('serve a page on the local host that shows the state and can change the mode; press Ctrl-C to end')
    .addOption(new Option('--port <number>', 'port on 127.0.0.1').argParser(portNumber).default(0, 'a free port'))
    .addHelpText(
      'after',
      '\nExample:\n  $ accelctl console --context staging\n\nThe printed address contains a secret: a person who has it can act with your rights until the console ends.',
    )
    .action((_own, command: Command) => serve(command.optsWithGlobals<ConsoleCommandOptions>(), world));
}

async function serve(options: ConsoleCommandOptions, world: Surroundings): Promise<void> {
  const cluster = world.cluster(options);
  // Fails here, before the address is printed, when the cluster does not answer or the user may not read it.
  await cluster.resourceIfAny();
  const secret = newSecret();
  const server = await serveConsole({ cluster, secret, port: options.port });
  try {
    // A browser does not send the fragment of a URL, so the secret reaches no log and no other site.
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
