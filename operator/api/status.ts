// The status of SidecarAcceleration in zod: what is accelerated, where, and why the rest is not.
import { z } from 'zod';
import { listMap } from './markers';
import { asideReasonNames, connectionReasonNames, leftOutReasonNames, nodeReasonNames } from './reasons';

const count = z.int().min(0);
const time = z.iso.datetime({ offset: true });

export const conditionTypes = ['Ready', 'Progressing', 'Degraded'] as const;
export const condition = z.object({
  type: z.enum(conditionTypes),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().min(1).max(1024).regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/),
  message: z.string().max(32768),
  observedGeneration: count,
  lastTransitionTime: time,
});

/** A connection is counted at each of its ends that lives in a selected pod, as `ss` in the pods shows it. */
export const connectionCounts = z.object({
  open: count,
  accelerated: count,
  adopted: count.optional().describe('Of those accelerated, the ones that were open before they were joined.'),
});
/** Bytes sent by the selected pods since their agents first counted. */
export const byteCounts = z.object({ fast: count, tcp: count });

// Server-side apply drops an empty list that is merged by key, so such lists must not be required.
export const reasonCount = z.object({ reason: z.enum(connectionReasonNames), connections: count });

export const namespaceStates = ['Accelerated', 'Partial', 'Waiting', 'NotAccelerated', 'Draining'] as const;
export const namespaceStatus = z.object({
  name: z.string().min(1).max(63),
  state: z.enum(namespaceStates),
  pods: z.object({ selected: count, accelerated: count }),
  connections: connectionCounts,
  bytes: byteCounts,
  reasons: z.array(reasonCount).max(32).meta(listMap('reason')).default([]).describe('Why open connections are not accelerated, most frequent first.'),
  since: time.describe('When the namespace entered its state.'),
});

const nodeName = z.string().max(253);
const someNodes = { nodes: count, examples: z.array(nodeName).max(3).describe('Some of the nodes.') };

export const nodeReasonCount = z.object({
  reason: z.enum(nodeReasonNames),
  ...someNodes,
  message: z.string().max(1024).describe('What is wrong on the first of them, and what to do.'),
});
export const leftOutCount = z.object({ reason: z.enum(leftOutReasonNames), ...someNodes });
export const asideCount = z.object({ reason: z.enum(asideReasonNames), ...someNodes });

export const rolloutStages = ['Canary', 'Baking', 'Rolling', 'Done', 'Paused', 'Stopped', 'RollingBack'] as const;
const revision = z.string().min(1).max(63);
/** Most nodes named one by one with what is wrong with them. */
export const maxListedFailures = 10;

export const revisionCount = z.object({
  revision,
  updated: count.describe('Nodes whose agent of this revision is well.'),
  verifying: count.describe('Nodes whose agent of this revision is still to become well.'),
  failed: count,
});

export const rolloutStatus = z.object({
  stage: z.enum(rolloutStages),
  message: z.string().max(1024).describe('How far it is, in words.'),
  to: revision.describe('The revision that is asked for, as in the label acceleration.dev/revision of the agents.'),
  from: revision.optional().describe('The revision that was good on every node last: what is gone back to.'),
  remaining: count.describe('Nodes whose agent is still to be replaced or to be proven, without those set aside.'),
  revisions: z.array(revisionCount).max(8).meta(listMap('revision')).default([]),
  failures: z.array(z.object({ node: nodeName, why: z.string().max(512) })).max(maxListedFailures).meta(listMap('node')).default([])
    .describe('Why the revision goes no further.'),
  aside: z.array(asideCount).max(8).meta(listMap('reason')).default([]).describe('Nodes that are neither waited for nor counted.'),
});

/** Most namespaces listed one by one; the others are summed in `remainder`. */
export const maxListedNamespaces = 100;

export const status = z.object({
  observedGeneration: count.optional(),
  conditions: z.array(condition).max(8).meta(listMap('type')).optional(),
  nodes: z.object({
    desired: count,
    ready: count,
    unsupported: z.array(nodeReasonCount).max(16).meta(listMap('reason')).default([]),
    leftOut: z.array(leftOutCount).max(4).meta(listMap('reason')).optional().describe('Nodes that spec.nodes selects and that get no agent.'),
  }).optional(),
  rollout: rolloutStatus.optional().describe('How the newest revision of the agent reaches the nodes.'),
  connections: connectionCounts.optional(),
  bytes: byteCounts.optional(),
  summary: z.object({
    nodes: z.string().max(32).describe('Ready of desired, as in 3/3.'),
    accelerated: z.string().max(32).describe('Share of open connections that are accelerated, as in 97%.'),
  }).optional(),
  namespaces: z.array(namespaceStatus).max(maxListedNamespaces).meta(listMap('name')).optional(),
  remainder: z.object({ namespaces: count, connections: connectionCounts, bytes: byteCounts }).optional()
    .describe('Sum over the selected namespaces that are not listed.'),
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
