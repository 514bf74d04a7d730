// Why the connections of one pod are, or are not, accelerated: from the pod in the API server, by the conditions that the node's agent checks.
import {
  bandwidthAnnotation,
  connectionReasons,
  hasOwnKernel,
  type Labels,
  matchesLabels,
  modeLabel,
  modeLabelOff,
  type SidecarAcceleration,
} from '../api';
import type { PodFacts } from './cluster';
import { exitCode } from './exit';
import { described, type Explanation, listedNamespace, notSelected, selectorText } from './explanation';
import { readinessOf } from './readiness';

/** Labels of the pod's namespace and node; undefined where the user may not read them. */
export interface LabelsAround {
  readonly namespace: Labels | undefined;
  /** Read only when the resource has a node selector. */
  readonly node: Labels | undefined;
}

export function podExplanationOf(resource: SidecarAcceleration, labels: LabelsAround, pod: PodFacts, now: Date): Explanation {
  const title = `Pod ${pod.namespace}/${pod.name}`;
  const cause = causeOf(resource, labels, pod);
  if (cause !== undefined) return { text: `${title}: ${cause}`, code: exitCode.notReady };
  const lines = [`${title}: selected, on node ${pod.node}.`];
  const limit = bandwidthAnnotation(pod.annotations);
  if (limit !== undefined)
    lines.push(`Its connections with other pods stay on TCP (BandwidthLimited): redirected bytes would bypass the limit of its annotation ${limit}.`);
  const { ready, message } = readinessOf(resource);
  if (!ready) lines.push(`The resource is not ready: ${message}`);
  const listed = listedNamespace(resource, pod.namespace);
  if (listed === undefined)
    return { text: [...lines, 'No node has reported its namespace yet; see accelctl doctor.'].join('\n'), code: exitCode.notReady };
  const isAccelerated = listed.state === 'Accelerated';
  if (!isAccelerated) lines.push('The counts are for its whole namespace:');
  return { text: [...lines, described(listed, now)].join('\n'), code: isAccelerated ? exitCode.success : exitCode.notReady };
}

/** The first cause why the pod is not accelerated, and what to do; undefined when there is none. */
function causeOf(resource: SidecarAcceleration, labels: LabelsAround, pod: PodFacts): string | undefined {
  const { spec, status } = resource;
  const namespace = notSelected(resource, pod.namespace, labels.namespace);
  if (namespace !== undefined) return `its namespace is ${namespace}`;
  if (pod.labels[modeLabel] === modeLabelOff) {
    return `excluded by its label ${modeLabel}=${modeLabelOff}.\n  Remove the label from the pod's template: a pod keeps the labels that it was created with.`;
  }
  if (!matchesLabels(spec.selector.pods, pod.labels)) {
    return `not selected: its labels do not match spec.selector.pods (${selectorText(spec.selector.pods)}).\n  Label the pod's template, or widen the selector.`;
  }
  if (pod.hostNetwork)
    return "never selected, because it uses the network namespace of its node (hostNetwork).\n  The datapath cannot tell its sockets from the node's.";
  if (hasOwnKernel({ labels: pod.labels, runtimes: [pod.runtimeClass] })) {
    return `never selected, because it has a kernel of its own (${pod.runtimeClass === '' ? 'a virtual machine of KubeVirt' : `runtime class ${pod.runtimeClass}`}).\n  The node's kernel does not have its sockets; connections with it stay on TCP with the reason PeerOwnKernel.`;
  }
  if (pod.phase !== 'Running')
    return `not running: it is ${pod.phase || 'not started yet'}.\n  See kubectl -n ${pod.namespace} describe pod ${pod.name}`;
  if (spec.mode !== 'Accelerate') {
    const { means, remedy } = connectionReasons[spec.mode === 'Off' ? 'SwitchedOff' : 'Observing'];
    return `selected, but nothing is accelerated: ${means}\n  ${remedy}`;
  }
  if (labels.node !== undefined && !matchesLabels({ matchLabels: spec.nodes.nodeSelector }, labels.node)) {
    return `selected, but its node ${pod.node} gets no agent: its labels do not match spec.nodes.nodeSelector (${selectorText({ matchLabels: spec.nodes.nodeSelector })}).\n  Label the node.`;
  }
  const problem = status?.nodes?.unsupported.find(({ examples }) => examples.includes(pod.node));
  return problem && `selected, but its node ${pod.node} cannot accelerate: ${problem.reason}: ${problem.message}`;
}
