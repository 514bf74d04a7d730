// The values of the Helm chart in zod. The chart's values.schema.json is generated from them.
import { z } from 'zod';
import { spec } from './spec';

const objectMap = z.record(z.string(), z.unknown());
const stringMap = z.record(z.string(), z.string());
/** The name of a Kubernetes object: a DNS subdomain (RFC 1123). */
const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not the name of an object');
/** An image without tag and digest; the host may have a port, and may be an IPv6 address in brackets. */
const repository = z
  .string()
  .max(512)
  .regex(/^[a-zA-Z0-9[][a-zA-Z0-9_.:/[\]-]*$/, 'not the repository of an image');
const duration = z.string().regex(/^[1-9][0-9]*(ms|s|m|h)$/, 'not a duration such as 30s');

const image = z.strictObject({
  repository: repository.describe('One image holds controller, agent and accelctl.'),
  tag: z
    .string()
    .regex(/^([a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?$/)
    .describe('Empty means the chart’s appVersion.'),
  digest: z
    .string()
    .regex(/^(sha256:[0-9a-f]{64})?$/)
    .describe('Pins the image; wins over the tag.'),
  pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
  pullSecrets: z.array(z.strictObject({ name: objectName })).describe('Secrets in the release namespace; used by the agents too.'),
});

const podDisruptionBudget = z.strictObject({
  enabled: z.boolean().describe('Limit how many controllers may be evicted at a time; with one replica a node can still be drained.'),
  maxUnavailable: z.union([z.int().min(1), z.string().regex(/^([1-9][0-9]?|100)%$/)]),
});

const flowSchema = z.strictObject({
  enabled: z
    .boolean()
    .describe(
      'Put the controller’s requests to the API server into the levels leader-election and workload-high, apart from those of other ServiceAccounts.',
    ),
});

const networkPolicy = z.strictObject({
  enabled: z
    .boolean()
    .describe('Restrict the connections from and to controller and agents to those that they need; needs a network plug-in that enforces policies.'),
  metricsFrom: z.array(objectMap).describe('NetworkPolicyPeers that may read metrics; empty allows every peer.'),
  apiServerPorts: z
    .array(z.int().min(1).max(65535))
    .min(1)
    .describe('Ports of the API server: the port of its Service and those of the servers behind the Service.'),
});

const admissionPolicy = z.strictObject({
  enabled: z
    .boolean()
    .describe(
      'Restrict by ValidatingAdmissionPolicies what the controller’s ServiceAccount may create: the objects’ names, and the agents’ image, host paths and capabilities.',
    ),
  images: z
    .array(repository)
    .describe('Further image repositories, without tags, that agents may use; image.repository and spec.agent.image are always admitted.'),
});

const metrics = z.strictObject({
  serviceMonitor: z.strictObject({
    enabled: z.boolean().describe('Create ServiceMonitors for controller and agents; needs the CRDs of the Prometheus operator.'),
    interval: duration,
    labels: stringMap.describe('Labels that the serviceMonitorSelector of your Prometheus selects.'),
  }),
  alerts: z.strictObject({
    enabled: z.boolean().describe('Create a PrometheusRule with the alert rules; needs the CRDs of the Prometheus operator.'),
    labels: stringMap.describe('Labels that the ruleSelector of your Prometheus selects.'),
  }),
  dashboard: z.strictObject({
    enabled: z.boolean().describe('Create a ConfigMap that Grafana’s sidecar loads as a dashboard.'),
    labels: stringMap.describe('Labels by which that sidecar finds the ConfigMap.'),
  }),
});

export const chartValues = z.strictObject({
  global: objectMap.optional().describe('Set by parent charts; this chart does not read it.'),
  image,
  replicas: z.int().min(1).max(5).describe('One replica leads; the others wait for the leader’s Lease.'),
  resources: objectMap,
  nodeSelector: stringMap,
  tolerations: z.array(objectMap),
  affinity: objectMap.describe('Affinity of the controller’s pods; empty prefers a node of its own for each replica.'),
  priorityClassName: z
    .string()
    .max(253)
    .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/, 'not the name of an object')
    .describe('PriorityClass of the controller’s pods.'),
  podAnnotations: stringMap.describe('Annotations of the controller’s pods.'),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']),
  podDisruptionBudget,
  flowSchema,
  networkPolicy,
  admissionPolicy,
  metrics,
  liveData: z.strictObject({
    enabled: z
      .boolean()
      .describe('Serve live data to accelctl and the console as an aggregated API: an APIService and the RBAC rules that it needs.'),
  }),
  crds: z.strictObject({
    enabled: z.boolean().describe('Install the CustomResourceDefinition with the release.'),
    keep: z.boolean().describe('Leave the CustomResourceDefinition in the cluster when the release is uninstalled.'),
  }),
  resource: z.strictObject({
    create: z
      .boolean()
      .describe('Apply a SidecarAcceleration after each install and upgrade; leave it false when you apply the resource by hand or from Git.'),
    spec: spec.describe('The spec of that resource; fields that are left out get the CRD’s defaults.'),
  }),
  uninstall: z.strictObject({
    drain: z.boolean().describe('Delete the SidecarAcceleration and wait until every node has removed the datapath, before anything is uninstalled.'),
    timeoutSeconds: z.int().min(10).max(3600).describe('Most seconds to wait for that; helm’s --timeout must not be shorter.'),
  }),
});

export type ChartValues = z.infer<typeof chartValues>;
