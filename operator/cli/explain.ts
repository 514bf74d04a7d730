// accelctl explain: why a namespace is or is not accelerated, with what to do.
import type { Command } from 'commander';
import { explanationOf, listedNamespace } from './explanation';
import type { ClusterOptions } from './kubeconfig';
import type { Surroundings } from './surroundings';

export function addExplain(program: Command, world: Surroundings): void {
  program
    .command('explain')
    .description('say why a namespace is or is not accelerated, and what to do')
    .argument('<namespace>', 'name of the namespace')
    .addHelpText('after', '\nExample:\n  $ accelctl explain shop')
    .action((name: string, _own, command: Command) => explain(name, command.optsWithGlobals<ClusterOptions>(), world));
}

async function explain(name: string, options: ClusterOptions, world: Surroundings): Promise<void> {
  const cluster = world.cluster(options);
  const resource = await cluster.resource();
  const labels = listedNamespace(resource, name) === undefined ? await cluster.namespaceLabels(name) : undefined;
  const { text, code } = explanationOf(resource, name, labels, world.now());
  world.print(text);
  world.end(code);
}
