// The names and labels of everything the controller makes in its namespace; the chart's rights name them too.
import type { Labels } from '../../api';

/** The DaemonSet of the agents, their ServiceAccount and the Service of their metrics. */
export const agentName = 'sidecar-acceleration-agent';
/** The ConfigMap with the authority that agents trust, and the Secret with the controller's certificate and keys. */
export const channelName = 'sidecar-acceleration-channel';
/** The ConfigMap in which a rollout remembers how far it is. */
export const rolloutName = 'sidecar-acceleration-rollout';
/** The authority's key in the channel's ConfigMap, and its file name in the agent. */
export const authorityKey = 'ca.crt';

export const metricsPort = 9090;
/** Where the agents' stream ends, at the controller's Service. */
export const channelPort = 9443;

/** What a selector of the agents asks for; a DaemonSet's selector can never be changed, so neither can these. */
export const agentSelector: Labels = {
  'app.kubernetes.io/name': 'sidecar-acceleration',
  'app.kubernetes.io/component': 'agent',
};

/** On every object that the controller makes. */
export function labelsOf(component: 'agent' | 'channel' | 'rollout'): Labels {
  return {
    'app.kubernetes.io/name': 'sidecar-acceleration',
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/part-of': 'sidecar-acceleration',
    'app.kubernetes.io/managed-by': 'sidecar-acceleration',
  };
}
