// The spec of SidecarAcceleration in zod: the one source of types, defaults, the CRD and the chart's schema.
import { z } from 'zod';
import { atomic, listSet, maxProperties, rules } from './markers';
import { quantity } from './quantity';

const labelValue = z.string().max(63).regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/, 'not a label value');
const labelKeyPattern = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelKey = z.string().max(317).regex(labelKeyPattern, 'not a label key');

/** The record checks its keys in zod; a structural schema has no word for keys, so a rule says it again from the same pattern. */
const labels = z.record(labelKey, labelValue).meta({
  ...maxProperties(64),
  ...rules({ rule: `self.all(key, size(key) <= 317 && key.matches(r'${labelKeyPattern.source.replaceAll('\\/', '/')}'))`, message: 'a key is not a label key such as app.kubernetes.io/name' }),
});

const requirement = z
  .object({
    key: labelKey,
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(labelValue).max(64).optional(),
  })
  .meta(
    rules(
      { rule: "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)", message: 'operators In and NotIn need at least one entry in values' },
      { rule: "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) || size(self.values) == 0", message: 'operators Exists and DoesNotExist take no values' },
    ),
  );

/** A Kubernetes LabelSelector; empty matches everything. */
export const labelSelector = z
  .object({
    matchLabels: labels.optional(),
    matchExpressions: z.array(requirement).max(64).optional(),
  })
  .meta(atomic);

/** With the rules that the DaemonSet's own validation would state too late, when the resource has long been accepted. */
const toleration = z
  .object({
    key: z.string().max(317).optional(),
    operator: z.enum(['Exists', 'Equal']).optional(),
    value: z.string().max(63).optional(),
    effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
    tolerationSeconds: z.int().min(0).max(2147483647).optional(),
  })
  .meta(
    rules(
      { rule: "!has(self.operator) || self.operator != 'Exists' || !has(self.value) || self.value == ''", message: 'operator Exists takes no value' },
      { rule: "(has(self.key) && self.key != '') || (has(self.operator) && self.operator == 'Exists')", message: 'a toleration without key needs operator Exists' },
      { rule: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')", message: 'tolerationSeconds needs effect NoExecute' },
    ),
  );

const resourceList = z.object({ cpu: quantity.optional(), memory: quantity.optional() });

export const modes = ['Accelerate', 'Observe', 'Off'] as const;
export const mode = z.enum(modes);
export const paths = ['PodLocal', 'NodeLocal'] as const;
export const path = z.enum(paths);

const selector = z
  .object({
    namespaces: labelSelector.prefault({}).describe('Which namespaces; system namespaces and the product’s own are never selected.'),
    pods: labelSelector.prefault({}).describe('Which pods of those namespaces, by the labels they were created with.'),
  })
  .describe('Label acceleration.dev/mode=off on a namespace or pod keeps it out whatever is selected here.');

/** A node that merely left the list would keep its datapath with nobody to order it off; deleting the resource drains every node. */
const fixedNodes = rules({
  rule: 'self == oldSelf',
  message: 'spec.nodes cannot be changed: delete the resource (open connections live through it) and apply it with the new nodes',
});

const nodes = z.object({
  nodeSelector: labels.default({}).describe('Nodes that get an agent; empty is all.'),
  tolerations: z.array(toleration).max(64).default([{ operator: 'Exists' }]).describe('Tolerations of the agent.'),
}).meta(fixedNodes);

const canary = z
  .object({
    count: z.int().min(0).max(1000).optional().describe('So many nodes, the best witnesses first: those with selected pods. When one fails alone, another is asked. 1 unless told; 0 does without.'),
    nodeSelector: labels.optional().describe('Every node with these labels.'),
  })
  .meta(rules({ rule: '!(has(self.count) && has(self.nodeSelector))', message: 'a canary is chosen by count or by nodeSelector, not by both' }));

const verdict = z.object({
  withinSeconds: z.int().min(5).max(3600).default(300).describe('A replaced agent must be well within this time: ready, heard, following the order. Pulling its image is part of it.'),
  maxRestarts: z.int().min(0).max(100).default(2).describe('More restarts of a replaced agent are a failure.'),
  maxErrors: z.int().min(0).max(1000000).default(10).describe('More errors counted by a replaced agent are a failure.'),
  minSharePercent: z.int().min(0).max(100).default(50)
    .describe('A canary node must accelerate this part of the share of its connections that it accelerated before.'),
});

export const failurePolicies = ['RollBack', 'Pause'] as const;

const rollout = z.object({
  canary: canary.prefault({}).describe('The nodes that get a new revision of the agent first. No canary, no bake.'),
  bakeSeconds: z.int().min(0).max(604800).default(120).describe('How long every canary node must have been well before the others follow.'),
  maxUnavailable: z
    .union([z.int().min(1).max(10000), z.string().regex(/^([1-9][0-9]?|100)%$/, 'not a percentage such as 10%')])
    .default('10%')
    .describe('How many agents may be missing or unproven at a time; acceleration goes on meanwhile.'),
  paused: z.boolean().default(false).describe('Replaces no agent while true.'),
  onFailure: z.enum(failurePolicies).default('RollBack')
    .describe('RollBack gives the replaced nodes the last revision that was good everywhere; Pause leaves all as it is.'),
  verdict: verdict.prefault({}).describe('When a replaced agent is believed, and when it is given up.'),
});

/** What a reader's unread redirected bytes may cost before more go over TCP. A pod may have 64 MiB unread in all, a node 256 (bounds.ts). */
export const spillBytesRange = { min: 4096, max: 64 * 1024 * 1024, default: 1024 * 1024 } as const;
/** Joined connections of one node. */
export const maxConnectionsRange = { min: 1, max: 131072, default: 65536 } as const;

const connections = z.object({
  max: z.int().min(maxConnectionsRange.min).max(maxConnectionsRange.max).default(maxConnectionsRange.default)
    .describe('Most connections joined on one node; further ones stay on TCP.'),
  spillBytes: z.int().min(spillBytesRange.min).max(spillBytesRange.max).default(spillBytesRange.default)
    .describe('Bytes that a reader’s unread messages on the fast path may cost the kernel, at 1 KiB a message more than they hold and 96 messages at most, before the sender is turned back to TCP.'),
});

const agent = z.object({
  image: z.string().min(1).max(512).optional().describe('Image of the node agent, which is as good as root on every node; the controller’s own by default.'),
  criSocket: z.string().regex(/^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/, 'not the absolute path of a socket').max(256).optional()
    .describe('Path of the container runtime’s socket on every node. Unless given, each agent finds that of its node; see docs/install.md.'),
  privileges: z.enum(['Capabilities', 'Privileged']).default('Capabilities')
    .describe(
      'Capabilities: the few Linux capabilities it needs. Privileged: a privileged container, for kernels before 5.11 and security modules that deny those.',
    ),
  priorityClassName: z.string().max(253).regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not the name of a PriorityClass').optional()
    .describe('Of the agent pods; system-node-critical keeps them when a node runs short of memory.'),
  resources: z
    .object({ requests: resourceList.optional(), limits: resourceList.optional() })
    .prefault({ requests: { cpu: '20m', memory: '96Mi' } })
    .describe('Of the agent. Without limits.memory it is what connections.max needs: the kernel charges the agent for what it keeps of connections.'),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
});

export const spec = z.object({
  mode: mode.default('Accelerate').describe('Accelerate joins connections; Observe only counts those that could be joined; Off stops at once; YAML wants it quoted: "Off".'),
  selector: selector.prefault({}),
  paths: z.array(path).min(1).max(2).meta(listSet).default(['PodLocal', 'NodeLocal'])
    .describe('PodLocal: an app and its own sidecar. NodeLocal: two pods of one node.'),
  nodes: nodes.prefault({}),
  rollout: rollout.prefault({}),
  connections: connections.prefault({}),
  agent: agent.prefault({}),
});

export type Mode = z.infer<typeof mode>;
export type Path = z.infer<typeof path>;
export type LabelSelector = z.infer<typeof labelSelector>;
export type Spec = z.infer<typeof spec>;
