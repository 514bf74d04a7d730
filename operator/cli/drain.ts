// accelctl drain: deletes the resource and waits until every node has removed the datapath. The step before uninstalling.
import type { Command } from 'commander';
import type { ClusterOptions } from './kubeconfig';
import { awaitGone } from './settle';
import type { Surroundings } from './surroundings';
import { addWait } from './switch';

interface DrainOptions extends ClusterOptions {
  readonly wait: boolean;
  readonly timeout: number;
}

export function addDrain(program: Command, world: Surroundings): void {
  const command = program
    .command('drain')
    .description(
      'delete the resource and wait until every node is clean: connections drained, programs detached and unpinned; open connections go on over TCP',
    )
    .addHelpText('after', '\nExample:\n  $ accelctl drain && helm uninstall sidecar-acceleration -n sidecar-acceleration')
    .action((_own, drained: Command) => drain(drained.optsWithGlobals<DrainOptions>(), world));
  addWait(command);
}

async function drain(options: DrainOptions, world: Surroundings): Promise<void> {
  const cluster = world.cluster(options);
  const resource = await cluster.resourceIfAny();
  if (resource === undefined) return world.print('there is no resource, so no node has anything to drain');
  await cluster.deleteResource();
  if (!options.wait) return world.print('the resource is being deleted; see accelctl status --watch');
  await awaitGone(cluster, world, options.timeout, resource.metadata.uid);
  world.print('every node is clean, and the resource is gone');
}
