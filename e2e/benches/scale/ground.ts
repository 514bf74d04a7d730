// The objects of a large cluster at a real API server: thousands of nodes, on each an agent pod with a real token, and a thousand namespaces.
import { z } from 'zod';
import { agentAudience } from '../../../operator/api';
import { type KubeClient, kubeClient, loadKubeConfig } from '../../../operator/kube';
import { chartSettings } from '../../stand/api/chartSettings';
import { ControllerBench, podOn } from '../../stand/api/controllerBench';
import { namespace } from '../../stand/api/controllerProcess';
import { agentAccount, agentPod } from '../../stand/api/testAgent';
import { inBulk } from './bulk';
import { ByteRelay } from './byteRelay';
import type { AgentPlan } from './words';

/** How many requests to the API server are under way at a time. */
const parallel = 24;
/** In how many namespaces a node has pods; it has two in each. */
const namespacesPerNode = 12;
const probes = 40;
/** The controller that `make build` has compiled. */
const program = ['dist/operator/controller/main.js'];

const made = z.object({ metadata: z.object({ uid: z.string() }) });
const issued = z.object({ status: z.object({ token: z.string() }) });

export interface GroundSize {
  readonly nodes: number;
  readonly namespaces: number;
}

export class Ground {
  private constructor(
    readonly size: GroundSize,
    readonly bench: ControllerBench,
    /** The client of the administrator. */
    readonly admin: KubeClient,
    /** The relay between the controller and the API server. */
    readonly relay: ByteRelay,
    readonly agents: readonly AgentPlan[],
  ) {}

  /** Starts everything. Resolves when the controller leads, with the settings of the chart, and the resource exists; no agent is connected. */
  static async lay(size: GroundSize): Promise<Ground> {
    let relay: ByteRelay | undefined;
    const bench = await ControllerBench.start({
      controller: async (server) => {
        relay = await ByteRelay.start(server.url);
        return { url: relay.url, program, environment: { ...(await chartSettings(server)), LOG_LEVEL: 'info' } };
      },
    });
    try {
      if (relay === undefined) throw new Error('laying the ground: the controller was made without its relay');
      const admin = kubeClient(loadKubeConfig(bench.server.kubeconfig));
      // The controller makes the ServiceAccount of the agents' tokens when the resource exists.
      await bench.applyResource();
      const agents = await populate(admin, size);
      await bench.daemonSetOf(size.nodes);
      return new Ground(size, bench, admin, relay, agents);
    } catch (error) {
      await bench.stop();
      relay?.stop();
      throw error;
    }
  }

  async clear(): Promise<void> {
    await this.bench.stop();
    this.relay.stop();
  }
}

/** The name of the namespace with this number. */
export const teamName = (index: number): string => `squad-${index}-production`;
export const nodeName = (index: number): string => `worker-${index}`;

async function populate(admin: KubeClient, { nodes, namespaces }: GroundSize): Promise<AgentPlan[]> {
  const names = Array.from({ length: namespaces }, (_, index) => teamName(index));
  await inBulk(names, parallel, (name, index) =>
    admin.request('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { mesh: 'on', part: String(index % 10) } } },
    }),
  );
  const probing = Math.min(probes, nodes, namespaces);
  return inBulk(
    Array.from({ length: nodes }, (_, index) => index),
    parallel,
    async (index) => {
      await admin.request('POST', '/api/v1/nodes', { body: { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName(index) } } });
      const token = await agentToken(admin, `agent-${index}`, nodeName(index));
      // The agents with a probe are spread evenly over all nodes. Each probe has one of the last namespaces, in which no other agent has pods.
      const share = Math.floor(nodes / probing);
      const probe = index % share === 0 && index / share < probing ? teamName(namespaces - 1 - index / share) : undefined;
      const own = namespacesOf(index, namespaces - probing);
      for (const name of probe === undefined ? own : [...own, probe])
        for (const each of ['a', 'b'])
          await admin.request('POST', `/api/v1/namespaces/${name}/pods`, { body: podOn(nodeName(index), name, `app-${each}-${index}`) });
      return { token, namespaces: own, probe };
    },
  );
}

/** The namespaces of a node's pods. They are spread so that every namespace is on about as many nodes as every other. */
function namespacesOf(node: number, namespaces: number): string[] {
  const count = Math.min(namespacesPerNode, namespaces);
  return Array.from({ length: count }, (_, each) => teamName((node * 7 + each * 83) % namespaces));
}

/** Makes an agent pod on the node and requests its token, bound to the pod as the kubelet's requests are. */
async function agentToken(admin: KubeClient, pod: string, node: string): Promise<string> {
  const { metadata } = made.parse(await admin.request('POST', `/api/v1/namespaces/${namespace}/pods`, { body: agentPod(pod, node) }));
  const spec = {
    audiences: [agentAudience],
    expirationSeconds: 7200,
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod, uid: metadata.uid },
  };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  return issued.parse(await admin.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${agentAccount}/token`, { body })).status.token;
}
