// The agents: one a node. The pod template depends on what an agent is, never on what it is told to do: orders go over the stream.
import { ApiObject, type Chart } from 'cdk8s';
import { agentContainer } from './agentContainer';
import type { RenderInput } from './input';
import { metadataOf } from './metadata';
import { agentName, agentSelector, labelsOf } from './names';
import { agentVolumes } from './volumes';

export function daemonSet(chart: Chart, input: RenderInput): void {
  new ApiObject(chart, 'agent', {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadataOf(agentName, 'agent', input),
    spec: {
      selector: { matchLabels: { ...agentSelector } },
      // No surge: two agents of one node would both hold the pinned maps. The kernel goes on while there is none.
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: input.spec.rollout.maxUnavailable } },
      template: { metadata: { labels: { ...labelsOf('agent') } }, spec: podSpec(input) },
    },
  });
}

function podSpec(input: RenderInput) {
  const { nodes, agent } = input.spec;
  return {
    serviceAccountName: agentName,
    // The agent must not be able to ask the API server for anything; the token for the controller is a volume of its own.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // The CRI names processes by their host ids: the agent reads their network namespaces and cgroups from /proc.
    hostPID: true,
    // Nothing needs the host's network, and the port of the metrics must not collide with what listens there.
    hostNetwork: false,
    // Ending means closing file descriptors; everything in the kernel stays.
    terminationGracePeriodSeconds: 10,
    priorityClassName: agent.priorityClassName,
    nodeSelector: { ...nodes.nodeSelector, 'kubernetes.io/os': 'linux' },
    tolerations: nodes.tolerations,
    imagePullSecrets: input.pullSecrets.map((name) => ({ name })),
    containers: [agentContainer(input)],
    volumes: agentVolumes(input.spec),
  };
}
