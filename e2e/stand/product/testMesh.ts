// The mesh of the cluster tests: that of the demo, and two more servers: one checks what it receives, one has opted out.
import type { Cluster } from '../cluster/cluster';
import { modeLabel, modeLabelOff } from '../../../operator/api';
import { demoMesh, selectedNamespace, unselectedNamespace } from '../mesh/demoMesh';
import { deployMesh, podAddress, reachable, type PodAddress } from '../mesh/mesh';
import { fortioServer, podManifest } from '../mesh/pods';
import { checksumServer } from './traffic';

/** The addresses of the pods of the test mesh. */
export interface TestMesh {
  readonly client: PodAddress;
  readonly server: PodAddress;
  readonly checksum: PodAddress;
  /** A selected pod on the other node. */
  readonly far: PodAddress;
  /** A pod in the selected namespace on the client's node that has opted out by its label. */
  readonly optedOut: PodAddress;
  readonly unselectedClient: PodAddress;
  readonly unselectedServer: PodAddress;
}

/** Applies the mesh, whose pods may run already, and waits until all of its pods can be reached. */
export async function testMesh(cluster: Cluster): Promise<TestMesh> {
  await deployMesh(cluster, [
    ...demoMesh(),
    podManifest({ namespace: selectedNamespace, name: 'checksum', node: 'node1', command: checksumServer }),
    podManifest({ namespace: selectedNamespace, name: 'opted-out', node: 'node1', command: fortioServer, labels: { [modeLabel]: modeLabelOff } }),
  ]);
  const selected = (name: string): Promise<PodAddress> => podAddress(cluster, selectedNamespace, name);
  const unselected = (name: string): Promise<PodAddress> => podAddress(cluster, unselectedNamespace, name);
  const [client, server, checksum, far, optedOut] = await Promise.all([
    selected('client'),
    selected('server'),
    selected('checksum'),
    selected('far'),
    selected('opted-out'),
  ]);
  const [unselectedClient, unselectedServer] = await Promise.all([unselected('client'), unselected('server')]);
  await Promise.all([server, far, optedOut].map((each) => reachable(cluster, client, each)));
  await reachable(cluster, unselectedClient, unselectedServer);
  return { client, server, checksum, far, optedOut, unselectedClient, unselectedServer };
}
