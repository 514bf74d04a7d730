// The DaemonSet of the agents. Its pod template depends on spec.agent and spec.nodes only; the order is sent over the agents' streams.
import { createHash } from 'node:crypto';
import { ApiObject, type Chart } from 'cdk8s';
import { archLabel, architectures, revisionLabel, systemLabel, uninjected, virtualNodes } from '../../api';
import { agentContainer } from './agentContainer';
import type { PodTemplate, RenderInput } from './input';
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
      // The rollout (controller/rollout) decides which agent is replaced. There is no surge, because two agents of a node would use the same maps.
      updateStrategy: { type: 'OnDelete' },
      template: input.template ?? agentTemplate(input).template,
    },
  });
}

/** The pod template for a resource, and its revision: a hash of the template, which the pods have as a label. */
export function agentTemplate(input: RenderInput): { readonly revision: string; readonly template: PodTemplate } {
  const labels = { ...labelsOf('agent'), ...uninjected.labels };
  const { annotations } = uninjected;
  const spec = podSpec(input);
  const revision = createHash('sha256')
    .update(JSON.stringify([labels, annotations, spec]))
    .digest('hex')
    .slice(0, 10);
  return { revision, template: { metadata: { labels: { ...labels, [revisionLabel]: revision }, annotations }, spec } };
}

function podSpec(input: RenderInput) {
  const { nodes, agent } = input.spec;
  return {
    serviceAccountName: agentName,
    // The agent gets no token for the API server; the token for the controller is a volume.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // The CRI has process ids of the host, by which the agent reads network namespaces and cgroups from /proc.
    hostPID: true,
    // The agent does not need the host's network, and its metrics port must not collide with a port of the host.
    hostNetwork: false,
    // An agent that ends only closes file descriptors; programs and maps stay in the kernel.
    terminationGracePeriodSeconds: 10,
    priorityClassName: agent.priorityClassName,
    nodeSelector: { ...nodes.nodeSelector, [systemLabel]: 'linux' },
    // For other nodes there is no image, or they run no pods of DaemonSets.
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: archLabel, operator: 'In', values: [...architectures] },
                ...virtualNodes.map(({ key, value }) => ({ key, operator: 'NotIn', values: [value] })),
              ],
            },
          ],
        },
      },
    },
    tolerations: nodes.tolerations,
    imagePullSecrets: input.pullSecrets.map((name) => ({ name })),
    containers: [agentContainer(input)],
    volumes: agentVolumes(),
  };
}
