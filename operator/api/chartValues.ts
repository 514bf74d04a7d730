// The values of the Helm chart in zod; their JSON schema is generated beside the chart's defaults.
import { z } from 'zod';
import { spec } from './spec';

const objectMap = z.record(z.string(), z.unknown());
const stringMap = z.record(z.string(), z.string());
const duration = z.string().regex(/^[1-9][0-9]*(ms|s|m|h)$/, 'not a duration such as 30s');

const image = z.strictObject({
  repository: z.string().min(1).describe('One image holds controller, agent and accelctl.'),
  tag: z.string().describe('Empty means the chart’s appVersion.'),
  digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/).describe('Pins the image; wins over the tag.'),
  pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
  pullSecrets: z.array(z.strictObject({ name: z.string().min(1) })).describe('Secrets in the release namespace; used by the agents too.'),
});

const podDisruptionBudget = z.strictObject({
  enabled: z.boolean().describe('Limit how many controllers may be evicted at a time; with one replica it keeps nobody from draining a node.'),
  maxUnavailable: z.union([z.int().min(1), z.string().regex(/^([1-9][0-9]?|100)%$/)]),
});

const networkPolicy = z.strictObject({
  enabled: z.boolean().describe('Let controller and agents be reached, and reach, only whom they must; needs a network plug-in that enforces policies.'),
  metricsFrom: z.array(objectMap).describe('NetworkPolicyPeers that may read metrics; empty is everybody.'),
  apiServerPorts: z.array(z.int().min(1).max(65535)).min(1).describe('Ports of the API server: of its Service, and of the servers behind it.'),
});

const admissionPolicy = z.strictObject({
  enabled: z.boolean().describe('Pin by ValidatingAdmissionPolicies what the controller’s account may make: names, and the agents’ image, host paths and capabilities.'),
  images: z.array(z.string().min(1)).describe('Further repositories of agents, without tags; image.repository and spec.agent.image are always admitted.'),
});

const metrics = z.strictObject({
  serviceMonitor: z.strictObject({
    enabled: z.boolean().describe('Have the Prometheus operator scrape controller and agents; needs its CRDs.'),
    interval: duration,
    labels: stringMap.describe('What the serviceMonitorSelector of your Prometheus asks for.'),
  }),
  alerts: z.strictObject({
    enabled: z.boolean().describe('Alert rules as a PrometheusRule; needs the CRDs of the Prometheus operator.'),
    labels: stringMap.describe('What the ruleSelector of your Prometheus asks for.'),
  }),
  dashboard: z.strictObject({
    enabled: z.boolean().describe('A ConfigMap that the sidecar of Grafana loads as a dashboard.'),
    labels: stringMap.describe('What that sidecar looks for.'),
  }),
});

export const chartValues = z.strictObject({
  global: objectMap.optional().describe('Set by parent charts; not read.'),
  image,
  replicas: z.int().min(1).max(5).describe('One leads; the others wait for its lease.'),
  resources: objectMap,
  nodeSelector: stringMap,
  tolerations: z.array(objectMap),
  affinity: objectMap.describe('Of the controller; empty prefers one replica a node.'),
  priorityClassName: z.string().describe('Of the controller.'),
  podAnnotations: stringMap.describe('Of the controller.'),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']),
  podDisruptionBudget,
  networkPolicy,
  admissionPolicy,
  metrics,
  liveData: z.strictObject({
    enabled: z.boolean().describe('Serve live data to accelctl and the console, as an aggregated API: an APIService and the rights it takes.'),
  }),
  crds: z.strictObject({
    enabled: z.boolean().describe('Install the CustomResourceDefinition with the release.'),
    keep: z.boolean().describe('Leave the CustomResourceDefinition in the cluster when the release is uninstalled.'),
  }),
  resource: z.strictObject({
    create: z.boolean().describe('Apply a SidecarAcceleration after each install and upgrade, instead of doing so by hand or from Git.'),
    spec: spec.describe('Its spec; what is left out has the default of the resource.'),
  }),
  uninstall: z.strictObject({
    drain: z.boolean().describe('Delete the SidecarAcceleration and wait until every node has given back what it held, before anything is uninstalled.'),
    timeoutSeconds: z.int().min(10).max(3600).describe('How long to wait for that; helm’s own --timeout must not be shorter.'),
  }),
});

export type ChartValues = z.infer<typeof chartValues>;
