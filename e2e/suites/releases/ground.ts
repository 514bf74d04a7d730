// A cluster for tests of helm: with the mesh and the images of some releases, of which none is installed.
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

/** Starts the cluster. The product's namespace exists and is empty. */
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
 * Runs `act` under load of every kind, with some connections that stay open all the time. Checks that no request fails, no
 * byte is wrong, and no open connection ends.
 */
export async function unharmed({ cluster, mesh }: Ground, act: () => Promise<void>): Promise<Account> {
  const accounts: Account[] = [];
  await whileOpen(cluster, mesh, { mode: 'turns', ofEach: 2 }, async () => void accounts.push(await heavilyLoaded(cluster, mesh, act)));
  const [account] = accounts;
  if (account === undefined) throw new Error('loading the mesh: the load ended without a result');
  expect(account).toMatchObject({ failures: 0, wrongBytes: 0, errors: [] });
  expect(account.requests).toBeGreaterThan(0);
  return account;
}

/** Waits until new connections are accelerated on every hop, for which agents and controller must understand each other. */
export function accelerates({ cluster, mesh }: Ground): Promise<void> {
  return warmUp(cluster, [{ client: mesh.client, server: mesh.server, protocol: 'tcp' }]);
}
