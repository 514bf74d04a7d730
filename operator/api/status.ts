// The status of SidecarAcceleration in zod: how many connections are accelerated, on which nodes and in which namespaces, and why others are not.
import { z } from 'zod';
import { listMap } from './markers';
import { asideReasonNames, connectionReasonNames, leftOutReasonNames, nodeReasonNames } from './reasons';

const count = z.int().min(0);
const time = z.iso.datetime({ offset: true });

export const conditionTypes = ['Ready', 'Progressing', 'Degraded'] as const;
export const condition = z.object({
  type: z.enum(conditionTypes),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/),
  message: z.string().max(32768),
  observedGeneration: count,
  lastTransitionTime: time,
});

/** Numbers of connections. A connection counts once for each of its ends that is in a selected pod, as `ss` in the pods shows it. */
export const connectionCounts = z.object({
  open: count,
  accelerated: count,
  adopted: count.optional().describe('Accelerated connections that were open before they were joined.'),
});
/** Bytes that the selected pods have sent since their agents began to count: redirected ones, and those over TCP. */
export const byteCounts = z.object({ fast: count, tcp: count });

// Server-side apply drops an empty list that is merged by key, so such lists have a default.
export const reasonCount = z.object({ reason: z.enum(connectionReasonNames), connections: count });

export const namespaceStates = ['Accelerated', 'Partial', 'Waiting', 'NotAccelerated', 'Draining'] as const;
export const namespaceStatus = z.object({
  name: z.string().min(1).max(63),
  state: z.enum(namespaceStates),
  pods: z.object({ selected: count, accelerated: count }),
  connections: connectionCounts,
  bytes: byteCounts,
  reasons: z
    .array(reasonCount)
    .max(32)
    .meta(listMap('reason'))
    .default([])
    .describe('Why open connections are not accelerated, most connections first.'),
  since: time.describe('When the state of the namespace last changed.'),
});

const nodeName = z.string().max(253);
const someNodes = { nodes: count, examples: z.array(nodeName).max(3).describe('Some of the nodes.') };

export const nodeReasonCount = z.object({
  reason: z.enum(nodeReasonNames),
  ...someNodes,
  message: z.string().max(1024).describe('What is wrong on the first of the nodes, and what to do.'),
});
export const leftOutCount = z.object({ reason: z.enum(leftOutReasonNames), ...someNodes });
export const asideCount = z.object({ reason: z.enum(asideReasonNames), ...someNodes });

export const rolloutStages = ['Canary', 'Baking', 'Rolling', 'Done', 'Paused', 'Stopped', 'RollingBack'] as const;
const revision = z.string().min(1).max(63);
/** Most nodes that the status lists with the reason why their update failed. */
export const maxListedFailures = 10;

export const revisionCount = z.object({
  revision,
  updated: count.describe('Nodes whose agent has this revision and is healthy.'),
  verifying: count.describe('Nodes whose agent has this revision and is not healthy yet.'),
  failed: count.describe('Nodes whose agent has this revision and failed.'),
});

export const rolloutStatus = z.object({
  stage: z.enum(rolloutStages),
  message: z.string().max(1024).describe('The progress of the rollout as a sentence.'),
  to: revision.describe('The revision that is rolled out, as in the label acceleration.dev/revision of the agents.'),
  from: revision.optional().describe('The last revision that was verified on every node, to which a rollback returns.'),
  remaining: count.describe('Nodes whose agent is still to be replaced or verified, without the nodes set aside.'),
  revisions: z.array(revisionCount).max(8).meta(listMap('revision')).default([]),
  failures: z
    .array(z.object({ node: nodeName, why: z.string().max(512) }))
    .max(maxListedFailures)
    .meta(listMap('node'))
    .default([])
    .describe('Nodes whose update failed, and why.'),
  aside: z.array(asideCount).max(8).meta(listMap('reason')).default([]).describe('Nodes that the rollout neither waits for nor counts.'),
});

/** Most namespaces that the status lists; the others are summed in `remainder`. */
export const maxListedNamespaces = 100;

export const status = z.object({
  observedGeneration: count.optional(),
  conditions: z.array(condition).max(8).meta(listMap('type')).optional(),
  nodes: z
    .object({
      desired: count,
      ready: count,
      unsupported: z.array(nodeReasonCount).max(16).meta(listMap('reason')).default([]),
      leftOut: z.array(leftOutCount).max(4).meta(listMap('reason')).optional().describe('Nodes that spec.nodes selects and that have no agent.'),
    })
    .optional(),
  rollout: rolloutStatus.optional().describe('Progress of the newest revision of the agent.'),
  connections: connectionCounts.optional(),
  bytes: byteCounts.optional(),
  summary: z
    .object({
      nodes: z.string().max(32).describe('Ready nodes of desired nodes, such as 3/3.'),
      accelerated: z.string().max(32).describe('Share of open connections that are accelerated, such as 97%.'),
    })
    .optional(),
  namespaces: z.array(namespaceStatus).max(maxListedNamespaces).meta(listMap('name')).optional(),
  remainder: z
    .object({ namespaces: count, connections: connectionCounts, bytes: byteCounts })
    .optional()
    .describe('Sums over the selected namespaces that are not listed.'),
});

export type Condition = z.infer<typeof condition>;
export type NamespaceState = (typeof namespaceStates)[number];
export type NamespaceStatus = z.infer<typeof namespaceStatus>;
export type LeftOutCount = z.infer<typeof leftOutCount>;
export type AsideCount = z.infer<typeof asideCount>;
export type RolloutStage = (typeof rolloutStages)[number];
export type RolloutStatus = z.infer<typeof rolloutStatus>;
export type NodeReasonCount = z.infer<typeof nodeReasonCount>;
export type ReasonCount = z.infer<typeof reasonCount>;
export type Status = z.infer<typeof status>;
