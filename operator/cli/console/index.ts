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
      '\nExample:\n  $ accelctl console --context staging\n\nThe printed address opens one page; the next one is printed then. A person who opens it before you can act with your rights until the console ends.',
    )
    .action((_own, command: Command) => serve(command.optsWithGlobals<ConsoleCommandOptions>(), world));
}

async function serve(options: ConsoleCommandOptions, world: Surroundings): Promise<void> {
  const cluster = world.cluster(options);
  // Fails here, before the address is printed, when the cluster does not answer or the user may not read it.
  await cluster.resourceIfAny();
  // A browser does not send the fragment of a URL, so the code reaches no log and no other site. Its history keeps the fragment, where it is worth
  // nothing after the page has been opened.
  const address = (code: string): string => `http://127.0.0.1:${server.port}/#${code}`;
  const onEntered = (next: string): void => world.print(`to open another page: ${address(next)}`);
  const server = await serveConsole({ cluster, secret: newSecret(), port: options.port, onEntered });
  try {
    world.print(address(server.code));
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
