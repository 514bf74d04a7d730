// Names and times that more than one part must agree on: the API group, labels, the audience of agent tokens.

export const group = 'acceleration.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;
export const kind = 'SidecarAcceleration';
export const plural = 'sidecaraccelerations';
export const singular = 'sidecaracceleration';
export const shortName = 'sca';
/** The name of the one SidecarAcceleration of a cluster; the CRD refuses every other name. */
export const singletonName = 'default';

/** Label on a namespace or a pod: the value `off` excludes the namespace or pod, whatever the selectors say. */
export const modeLabel = `${group}/mode`;
export const modeLabelOff = 'off';
/** Label on the agents' pods: the revision of the pod template that the pod was created from. */
export const revisionLabel = `${group}/revision`;
/** Finalizer of the SidecarAcceleration: the resource stays until every node has removed the datapath. */
export const finalizer = `${group}/drain`;
/**
 * How long an agent that removes the datapath waits at most, in milliseconds: `unreadMs` for unread redirected bytes to be read, `leavingMs`
 * for connections that must leave the SOCKHASH first (ADR 4). After that time the readers are taken to hang, and the agent goes on.
 */
export const removalTimeouts = { unreadMs: 30_000, leavingMs: 120_000 };
/** Audience of the projected token by which an agent authenticates to the controller. The API server does not accept a token of this audience. */
export const agentAudience = `${group}/agent`;
/** Name of the controller's Service and Lease, and in the controller's certificate: agents check for it whatever address they dial. */
export const controllerName = 'sidecar-acceleration-controller';
/** The field manager of every server-side apply of this product. */
export const fieldManager = 'sidecar-acceleration';

/** Namespaces that are never selected. The product's own namespace is not selected either. */
export const systemNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];
