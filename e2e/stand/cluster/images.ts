// Imports images into the nodes' container runtimes, because there is no registry.
import type { Tools } from '../tools/install';
import type { Machine } from './machine';

/** The name under which the sandbox image is imported. */
export const pauseImage = 'registry.k8s.io/pause:3.10';

/**
 * Imports an image archive into a node, for pods with `imagePullPolicy: Never`.
 * @throws CommandError with the error of ctr when the archive is broken
 */
export async function importImage(machine: Machine, tools: Tools, archive: string): Promise<void> {
  await machine.run(tools.path('ctr'), ['-n', 'k8s.io', 'images', 'import', '--local', '--no-unpack=false', archive]);
}
