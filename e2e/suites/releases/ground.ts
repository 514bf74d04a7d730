// A cluster with the mesh, the images of some releases, and none of them installed: what helm is tried on.
import { ownRun } from '../../stand/cluster/abandoned';
import type { Cluster } from '../../stand/cluster/cluster';
import { productNamespace } from '../../stand/product/acceleration';
import { type Account, heavilyLoaded } from '../../stand/product/heavyLoad';
import { bringUpReady } from '../../stand/product/installedCluster';
import { testMesh, type TestMesh } from '../../stand/product/testMesh';
import { warmUp } from '../../stand/product/warmUp';
import { whileOpen } from '../../stand/product/whileOpen';
import { installTools } from '../../stand/tools/install';
import { Progress } from '../../../release/tools/progress';

export interface Ground {
  readonly cluster: Cluster;
  readonly mesh: TestMesh;
}

/** Brings it up; the namespace of the product is there, empty. */
export async function layGround(archives: readonly string[]): Promise<Ground> {
  const progress = new Progress();
  const tools = await installTools(progress);
  const cluster = await bringUpReady(await ownRun('sca-releases'), tools, progress, archives);
  try {
    await cluster.kubectl(['create', 'namespace', productNamespace]);
    return { cluster, mesh: await testMesh(cluster) };
  } catch (error) {
    await cluster.down();
    throw error;
  }
}

/**
 * Does something under load of every kind, with some connections that stay open all the time. No request may fail, no
 * byte may be wrong, and no connection may end.
 */
export async function unharmed({ cluster, mesh }: Ground, act: () => Promise<void>): Promise<Account> {
  const accounts: Account[] = [];
  await whileOpen(cluster, mesh, { mode: 'turns', ofEach: 2 }, async () => void accounts.push(await heavilyLoaded(cluster, mesh, act)));
  const [account] = accounts;
  if (account === undefined) throw new Error('loading the mesh: it gave no account');
  expect(account).toMatchObject({ failures: 0, wrongBytes: 0, errors: [] });
  expect(account.requests).toBeGreaterThan(0);
  return account;
}

/** New connections are accelerated on every hop, which needs agents and controller that understand each other. */
export function accelerates({ cluster, mesh }: Ground): Promise<void> {
  return warmUp(cluster, [{ client: mesh.client, server: mesh.server, protocol: 'tcp' }]);
}
