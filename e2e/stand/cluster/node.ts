// Starts a node: first the container runtime, then, when the images are imported, kubelet and kube-proxy.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tools } from '../tools/install';
import { waitFor } from '../support/waitFor';
import { nodeAddresses } from './addresses';
import { makeCgroup } from './cgroups';
import type { Identities } from './identities';
import { importImage } from './images';
import type { Machine } from './machine';
import { cniConfiguration, containerdConfiguration, kubeletConfiguration, proxyConfiguration } from './nodeFiles';

/** The plan of a node. */
export interface NodePlan {
  /** The number of the node: 1, 2, … */
  readonly index: number;
  readonly name: string;
  readonly machine: Machine;
  /** The directory of its configuration files. */
  readonly directory: string;
  /** The name of its cgroup below the root of every hierarchy. */
  readonly cgroup: string;
}

/** Starts the container runtime and waits until it answers. */
export async function startRuntime(node: NodePlan, tools: Tools): Promise<void> {
  await makeCgroup(node.cgroup);
  const cni = join(node.directory, 'cni');
  await mkdir(cni, { recursive: true });
  await writeFile(join(cni, '10-pods.conflist'), cniConfiguration(node.index));
  const configuration = join(node.directory, 'containerd.toml');
  await writeFile(configuration, containerdConfiguration(cni));
  node.machine.start(tools.path('containerd'), ['-c', configuration], { PATH: tools.searchPath });
  await waitFor(`containerd of ${node.name}`, async () => (await node.machine.run(tools.path('ctr'), ['version'], { timeoutMs: 5000 })) !== '');
}

/** Imports the sandbox image and starts kubelet and kube-proxy, which wait for the API server by themselves. */
export async function startKubelet(node: NodePlan, identities: Identities, tools: Tools, pauseArchive: string): Promise<void> {
  // Imported before the kubelet starts: otherwise containerd would try to pull the sandbox image.
  await importImage(node.machine, tools, pauseArchive);
  const kubelet = join(node.directory, 'kubelet.json');
  await writeFile(kubelet, kubeletConfiguration(node.index, node.cgroup));
  node.machine.start(
    tools.path('kubelet'),
    [
      `--config=${kubelet}`,
      `--kubeconfig=${identities.kubeconfig(node.name)}`,
      `--hostname-override=${node.name}`,
      `--node-ip=${nodeAddresses(node.index).node}`,
    ],
    { PATH: tools.searchPath },
  );
  const proxy = join(node.directory, 'kube-proxy.json');
  await writeFile(proxy, proxyConfiguration(node.index, node.name, identities.kubeconfig('kube-proxy')));
  node.machine.start(tools.path('kube-proxy'), [`--config=${proxy}`], { PATH: tools.searchPath });
}
