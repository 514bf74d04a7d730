// Names that more than one part must agree on: the API group, labels, and the audience of agent tokens.

export const group = 'acceleration.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;
export const kind = 'SidecarAcceleration';
export const plural = 'sidecaraccelerations';
export const singular = 'sidecaracceleration';
export const shortName = 'sca';
/** The one object the controller looks at; the CRD refuses every other name. */
export const singletonName = 'default';

/** Label on a namespace or a pod: the value `off` keeps it out whatever the selectors say. */
export const modeLabel = `${group}/mode`;
export const modeLabelOff = 'off';
/** Label on the agents' pods: the revision of the template that they were made from. */
export const revisionLabel = `${group}/revision`;
/** Holds the resource until every node has given back what it held. */
export const finalizer = `${group}/drain`;
/**
 * How long a node that removes the datapath waits, in milliseconds: for redirected bytes to be read, and for connections to leave the map
 * where they must (ADR 4). What has not happened by then waits for readers that hang.
 */
export const removalPatience = { unreadMs: 30_000, leavingMs: 120_000 };
/** Audience of the projected token an agent shows to the controller; useless for the API server itself. */
export const agentAudience = `${group}/agent`;
/** The controller's Service and Lease, and the name in the certificate it shows to agents, whatever address they dial. */
export const controllerName = 'sidecar-acceleration-controller';
/** The one field manager of all server-side apply. */
export const fieldManager = 'sidecar-acceleration';

/** Namespaces that are never selected, beside the product's own. */
export const systemNamespaces: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];
