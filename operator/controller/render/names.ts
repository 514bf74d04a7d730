// Names and labels of the objects that the controller creates in its namespace. The chart's RBAC rules have the same names.
import type { Labels } from '../../api';

/** Name of the agents' DaemonSet, of their ServiceAccount and of the Service of their metrics. */
export const agentName = 'sidecar-acceleration-agent';
/** Name of the ConfigMap with the authorities that agents trust, and of the Secret with the controller's certificates and keys. */
export const channelName = 'sidecar-acceleration-channel';
/** Name of the ConfigMap with the state of a rollout. */
export const rolloutName = 'sidecar-acceleration-rollout';
/** Key of the authorities in the channel's ConfigMap, and name of their file in the agent's container. */
export const authorityKey = 'ca.crt';

export const metricsPort = 9090;
/** Port of the controller's Service for agents. */
export const channelPort = 9443;

/** Labels by which the agents' pods are selected. They cannot change, because a DaemonSet's selector cannot. */
export const agentSelector: Labels = {
  'app.kubernetes.io/name': 'sidecar-acceleration',
  'app.kubernetes.io/component': 'agent',
};

/** Labels of every object that the controller creates. */
export function labelsOf(component: 'agent' | 'channel' | 'rollout'): Labels {
  return {
    'app.kubernetes.io/name': 'sidecar-acceleration',
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/part-of': 'sidecar-acceleration',
    'app.kubernetes.io/managed-by': 'sidecar-acceleration',
  };
}
