// Why the connections of one pod are, or are not, accelerated: what the API server knows of the pod, asked as its node's agent asks.
import { bandwidthAnnotation, connectionReasons, hasOwnKernel, type Labels, matchesLabels, modeLabel, modeLabelOff, type SidecarAcceleration } from '../api';
import type { PodFacts } from './cluster';
import { exitCode } from './exit';
import { described, type Explanation, listedNamespace, notSelected, selectorText } from './explanation';
import { readinessOf } from './readiness';

/** Labels by the objects that carry them; undefined where the user may not read them. */
export interface LabelsAround {
  readonly namespace: Labels | undefined;
  /** Read only when the resource asks for labels of nodes. */
  readonly node: Labels | undefined;
}

export function podExplanationOf(resource: SidecarAcceleration, labels: LabelsAround, pod: PodFacts, now: Date): Explanation {
  const title = `Pod ${pod.namespace}/${pod.name}`;
  const cause = causeOf(resource, labels, pod);
  if (cause !== undefined) return { text: `${title}: ${cause}`, code: exitCode.notReady };
  const lines = [`${title}: selected, on node ${pod.node}.`];
  const limit = bandwidthAnnotation(pod.annotations);
  if (limit !== undefined) lines.push(`Its connections with other pods stay on TCP (BandwidthLimited): redirected bytes would not obey its annotation ${limit}.`);
  const { ready, message } = readinessOf(resource);
  if (!ready) lines.push(`The resource is not ready: ${message}`);
  const listed = listedNamespace(resource, pod.namespace);
  if (listed === undefined) return { text: [...lines, 'Its namespace has not been reported yet; see accelctl doctor.'].join('\n'), code: exitCode.notReady };
  const isWell = listed.state === 'Accelerated';
  if (!isWell) lines.push('Connections are counted for its namespace as a whole:');
  return { text: [...lines, described(listed, now)].join('\n'), code: isWell ? exitCode.fine : exitCode.notReady };
}

/** The first thing that keeps the pod out, with what to do; undefined when nothing does. */
function causeOf(resource: SidecarAcceleration, labels: LabelsAround, pod: PodFacts): string | undefined {
  const { spec, status } = resource;
  const namespace = notSelected(resource, pod.namespace, labels.namespace);
  if (namespace !== undefined) return `its namespace is ${namespace}`;
  if (pod.labels[modeLabel] === modeLabelOff) {
    return `kept out by its label ${modeLabel}=${modeLabelOff}.\n  Take the label out of the pod's template: a pod keeps the labels it was created with.`;
  }
  if (!matchesLabels(spec.selector.pods, pod.labels)) {
    return `not selected: its labels do not match spec.selector.pods (${selectorText(spec.selector.pods)}).\n  Label the pod's template, or widen the selector.`;
  }
  if (pod.hostNetwork) return 'never selected, because it uses the network of its node (hostNetwork).\n  Only pods with a network of their own can be told from the node.';
  if (hasOwnKernel({ labels: pod.labels, runtimes: [pod.runtimeClass] })) {
    return `never selected, because it has a kernel of its own (${pod.runtimeClass === '' ? 'a machine of KubeVirt' : `runtime class ${pod.runtimeClass}`}).\n  Its sockets are out of this one's reach; connections with it stay on TCP as PeerOwnKernel.`;
  }
  if (pod.phase !== 'Running') return `not running: it is ${pod.phase || 'not started yet'}.\n  See kubectl -n ${pod.namespace} describe pod ${pod.name}`;
  if (spec.mode !== 'Accelerate') {
    const { means, remedy } = connectionReasons[spec.mode === 'Off' ? 'SwitchedOff' : 'Observing'];
    return `selected, but nothing is accelerated: ${means}\n  ${remedy}`;
  }
  if (labels.node !== undefined && !matchesLabels({ matchLabels: spec.nodes.nodeSelector }, labels.node)) {
    return `selected, but its node ${pod.node} gets no agent: its labels do not match spec.nodes.nodeSelector (${selectorText({ matchLabels: spec.nodes.nodeSelector })}).\n  Label the node.`;
  }
  const problem = status?.nodes?.unsupported.find(({ examples }) => examples.includes(pod.node));
  return problem && `selected, but its node ${pod.node} cannot: ${problem.reason}: ${problem.message}`;
}
