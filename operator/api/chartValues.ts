// The values of the Helm chart in zod; their JSON schema is generated beside the chart's defaults.
import { z } from 'zod';

const objectMap = z.record(z.string(), z.unknown());

export const chartValues = z.strictObject({
  global: objectMap.optional().describe('Set by parent charts; not read.'),
  image: z.strictObject({
    repository: z.string().min(1).describe('One image holds controller, agent and accelctl.'),
    tag: z.string().describe('Empty means the chart’s appVersion.'),
    digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/).describe('Pins the image; wins over the tag.'),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
    pullSecrets: z.array(z.strictObject({ name: z.string().min(1) })).describe('Secrets in the release namespace; used by the agents too.'),
  }),
  replicas: z.int().min(1).max(5).describe('More than one waits for the lease of the first.'),
  resources: objectMap,
  nodeSelector: z.record(z.string(), z.string()),
  tolerations: z.array(objectMap),
  priorityClassName: z.string().describe('Of the controller.'),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']),
  crds: z.strictObject({
    enabled: z.boolean().describe('Install the CustomResourceDefinition with the release.'),
    keep: z.boolean().describe('Leave it, and the resource, in the cluster when the release is uninstalled.'),
  }),
});

export type ChartValues = z.infer<typeof chartValues>;
