// A cluster as the API server sees it: thousands of nodes, an agent pod with a real token on each, a thousand namespaces.
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

/** Requests to the API server at a time. */
const parallel = 24;
/** Namespaces that a node's pods are in: some thirty pods. */
const namespacesPerNode = 12;
const probes = 40;
/** As compiled by `make build`. */
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
    /** The administrator's. */
    readonly admin: KubeClient,
    /** Between the controller and the API server. */
    readonly relay: ByteRelay,
    readonly agents: readonly AgentPlan[],
  ) {}

  /** The controller leads, with the settings of the chart, and the resource is there; no agent has connected. */
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
      // The ServiceAccount of the agents' tokens is the controller's work.
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

/** By its number. */
export const teamName = (index: number): string => `squad-${index}-production`;
export const nodeName = (index: number): string => `worker-${index}`;

async function populate(admin: KubeClient, { nodes, namespaces }: GroundSize): Promise<AgentPlan[]> {
  const names = Array.from({ length: namespaces }, (_, index) => teamName(index));
  await inBulk(names, parallel, (name, index) =>
    admin.request('POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { mesh: 'on', part: String(index % 10) } } } }));
  const probing = Math.min(probes, nodes, namespaces);
  return inBulk(Array.from({ length: nodes }, (_, index) => index), parallel, async (index) => {
    await admin.request('POST', '/api/v1/nodes', { body: { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName(index) } } });
    const token = await agentToken(admin, `agent-${index}`, nodeName(index));
    // Probes are on agents of all simulators; their namespaces are the last ones, where no other agent is.
    const share = Math.floor(nodes / probing);
    const probe = index % share === 0 && index / share < probing ? teamName(namespaces - 1 - index / share) : undefined;
    const own = namespacesOf(index, namespaces - probing);
    for (const name of probe === undefined ? own : [...own, probe]) for (const each of ['a', 'b']) await admin.request('POST', `/api/v1/namespaces/${name}/pods`, { body: podOn(nodeName(index), name, `app-${each}-${index}`) });
    return { token, namespaces: own, probe };
  });
}

/** Neighbours have some in common, and every namespace is on as many nodes as every other. */
function namespacesOf(node: number, namespaces: number): string[] {
  const count = Math.min(namespacesPerNode, namespaces);
  return Array.from({ length: count }, (_, each) => teamName((node * 7 + each * 83) % namespaces));
}

/** Of a new agent pod on the node, bound to both as by the kubelet. */
async function agentToken(admin: KubeClient, pod: string, node: string): Promise<string> {
  const { metadata } = made.parse(await admin.request('POST', `/api/v1/namespaces/${namespace}/pods`, { body: agentPod(pod, node) }));
  const spec = { audiences: [agentAudience], expirationSeconds: 7200, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod, uid: metadata.uid } };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  return issued.parse(await admin.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${agentAccount}/token`, { body })).status.token;
}
