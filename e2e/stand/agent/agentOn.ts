// Runs a test with the real agent on the pods of a Ground, from the first order to the removal of everything.
import { cpSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { object } from '../../../ebpf/tests/fixture';
import { releasePinned } from '../../../operator/agent/datapath';
import type { Order } from '../../../operator/protocol';
import { buildDirectory } from '../../../release/tools/paths';
import { Ground } from './ground';
import { Keeper } from './keeper';
import { pinFolders } from './leftovers';

/** The settings of the first order, which a test comes back to after each change: all pods selected, mode Accelerate. */
export const calm = {
  mode: 'Accelerate',
  maxConnections: 10_000,
  spillBytes: 1 << 20,
  podSelector: {},
  remove: false,
  reportSeconds: 1,
} as const satisfies Partial<Order>;

/** Runs `work` while an agent runs whose first order is in force. Afterwards agent, pins and pods are removed, also when `work` fails. */
export async function withAgent<T>(work: (ground: Ground, keeper: Keeper) => Promise<T>): Promise<T> {
  const ground = new Ground();
  await ground.mount();
  // The agent loads copies of the objects, because the checkout may be built again while this runs.
  const folder = join(buildDirectory, 'soak', `objects-${process.pid}`);
  cpSync(dirname(object), folder, { recursive: true });
  const keeper = new Keeper(ground.pins, join(folder, basename(object)), {
    revision: 1,
    namespaces: ground.namespaces,
    paths: ['PodLocal', 'NodeLocal'],
    ...calm,
  });
  try {
    await keeper.listen();
    for (const { sandbox } of ground.places) keeper.podStarted(sandbox);
    await keeper.start();
    return await work(ground, keeper);
  } finally {
    await keeper.close();
    if (pinFolders(ground.pins).length > 0) releasePinned(ground.pins);
    await ground.remove();
    rmSync(folder, { recursive: true });
  }
}
