// The agents: one a node. The pod template depends on what an agent is, never on what it is told to do: orders go over the stream.
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
      // The rollout decides whose turn it is (controller/rollout). No surge: two agents of one node would both hold the pinned maps.
      updateStrategy: { type: 'OnDelete' },
      template: input.template ?? agentTemplate(input).template,
    },
  });
}

/** The template that the resource asks for, and its revision: a name for everything in it, which its pods have as a label. */
export function agentTemplate(input: RenderInput): { readonly revision: string; readonly template: PodTemplate } {
  const labels = { ...labelsOf('agent'), ...uninjected.labels };
  const { annotations } = uninjected;
  const spec = podSpec(input);
  const revision = createHash('sha256').update(JSON.stringify([labels, annotations, spec])).digest('hex').slice(0, 10);
  return { revision, template: { metadata: { labels: { ...labels, [revisionLabel]: revision }, annotations }, spec } };
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
    nodeSelector: { ...nodes.nodeSelector, [systemLabel]: 'linux' },
    // There is no image for others, or nothing to run it: their agents could only fail, over and over.
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{
            matchExpressions: [
              { key: archLabel, operator: 'In', values: [...architectures] },
              ...virtualNodes.map(({ key, value }) => ({ key, operator: 'NotIn', values: [value] })),
            ],
          }],
        },
      },
    },
    tolerations: nodes.tolerations,
    imagePullSecrets: input.pullSecrets.map((name) => ({ name })),
    containers: [agentContainer(input)],
    volumes: agentVolumes(),
  };
}
