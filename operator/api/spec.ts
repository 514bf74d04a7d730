// The spec of SidecarAcceleration in zod, from which the types, the defaults, the CRD and the chart's schema come.
import { z } from 'zod';
import { atomic, listSet, maxProperties, rules } from './markers';
import { quantity } from './quantity';

const labelValue = z
  .string()
  .max(63)
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/, 'not a label value');
/** A DNS subdomain (RFC 1123), of which no part between dots is empty. */
const subdomain = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const qualifiedName = `(${subdomain}\\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`;
const labelKeyPattern = new RegExp(`^${qualifiedName}$`);
const labelKey = z.string().max(317).regex(labelKeyPattern, 'not a label key');

/** zod checks the keys of the record. A structural schema cannot bound keys, so a CEL rule checks them with the same pattern. */
const labels = z.record(labelKey, labelValue).meta({
  ...maxProperties(64),
  ...rules({
    rule: `self.all(key, size(key) <= 317 && key.matches(r'${labelKeyPattern.source.replaceAll('\\/', '/')}'))`,
    message: 'a key is not a valid label key; write it like app.kubernetes.io/name',
  }),
});

const requirement = z
  .object({
    key: labelKey,
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(labelValue).max(64).optional(),
  })
  .meta(
    rules(
      {
        rule: "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
        message: 'operators In and NotIn need at least one entry in values',
      },
      {
        rule: "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) || size(self.values) == 0",
        message: 'operators Exists and DoesNotExist take no values',
      },
    ),
  );

/** A Kubernetes LabelSelector; empty matches everything. */
export const labelSelector = z
  .object({
    matchLabels: labels.optional(),
    matchExpressions: z.array(requirement).max(64).optional(),
  })
  .meta(atomic);

/** A toleration, with the rules by which the API server validates tolerations of a DaemonSet: they refuse the resource, not the DaemonSet later. */
const toleration = z
  .object({
    key: z
      .string()
      .max(317)
      .regex(new RegExp(`^(${qualifiedName})?$`), 'not the key of a taint')
      .optional(),
    operator: z.enum(['Exists', 'Equal']).optional(),
    value: labelValue.optional(),
    effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
    tolerationSeconds: z.int().min(0).max(2147483647).optional(),
  })
  .meta(
    rules(
      { rule: "!has(self.operator) || self.operator != 'Exists' || !has(self.value) || self.value == ''", message: 'operator Exists takes no value' },
      {
        rule: "(has(self.key) && self.key != '') || (has(self.operator) && self.operator == 'Exists')",
        message: 'a toleration without key needs operator Exists',
      },
      {
        rule: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
        message: 'tolerationSeconds needs effect NoExecute',
      },
    ),
  );

const resourceList = z.object({ cpu: quantity.optional(), memory: quantity.optional() });

export const modes = ['Accelerate', 'Observe', 'Off'] as const;
export const mode = z.enum(modes);
export const paths = ['PodLocal', 'NodeLocal'] as const;
export const path = z.enum(paths);

const selector = z
  .object({
    namespaces: labelSelector.prefault({}).describe('Selects namespaces; system namespaces and the product’s own are never selected.'),
    pods: labelSelector.prefault({}).describe('Selects pods of those namespaces by the labels that the pods were created with.'),
  })
  .describe('The pods that are accelerated. The label acceleration.dev/mode=off on a namespace or pod excludes it, whatever is selected here.');

/** An agent that lost its node would leave the datapath behind, and no order could remove it. Deleting the resource drains every node. */
const fixedNodes = rules({
  rule: 'self == oldSelf',
  message: 'spec.nodes cannot be changed: delete the resource (open connections live through it) and apply it with the new nodes',
});

const nodes = z
  .object({
    nodeSelector: labels.default({}).describe('Nodes that get an agent; empty is all.'),
    tolerations: z
      .array(toleration)
      .max(64)
      .default([{ operator: 'Exists' }])
      .describe('Tolerations of the agent.'),
  })
  .meta(fixedNodes);

const canary = z
  .object({
    count: z
      .int()
      .min(0)
      .max(1000)
      .optional()
      .describe(
        'Number of canary nodes; nodes with selected pods are chosen first. When one canary node fails alone, another takes its place. Default 1; with 0 there is no canary.',
      ),
    nodeSelector: labels.optional().describe('Makes every node with these labels a canary node.'),
  })
  .meta(rules({ rule: '!(has(self.count) && has(self.nodeSelector))', message: 'a canary is chosen by count or by nodeSelector, not by both' }));

const verdict = z.object({
  withinSeconds: z
    .int()
    .min(5)
    .max(3600)
    .default(300)
    .describe(
      'A replaced agent must be healthy within this time: ready, connected, and with the order applied. The time includes pulling its image.',
    ),
  maxRestarts: z.int().min(0).max(100).default(2).describe('The update of a node fails when its replaced agent restarts more often.'),
  maxErrors: z.int().min(0).max(1000000).default(10).describe('The update of a node fails when its replaced agent counts more errors.'),
  minSharePercent: z
    .int()
    .min(0)
    .max(100)
    .default(50)
    .describe(
      'Percentage of its earlier share of accelerated connections that a namespace must reach on an updated canary node. At least two namespaces, and half of them, must be below it before the update fails; the only selected namespace decides alone.',
    ),
});

export const failurePolicies = ['RollBack', 'Pause'] as const;

const rollout = z.object({
  canary: canary.prefault({}).describe('The nodes that get a new revision of the agent first. Without a canary, bakeSeconds has no effect.'),
  bakeSeconds: z.int().min(0).max(604800).default(120).describe('How long every canary node must be healthy before other nodes are updated.'),
  maxUnavailable: z
    .union([z.int().min(1).max(10000), z.string().regex(/^([1-9][0-9]?|100)%$/, 'not a percentage such as 10%')])
    .default('10%')
    .describe('How many agents may be missing or not yet verified at a time. Connections stay accelerated meanwhile.'),
  paused: z.boolean().default(false).describe('While true, no agent is replaced.'),
  onFailure: z
    .enum(failurePolicies)
    .default('RollBack')
    .describe('RollBack gives the updated nodes the last revision that was verified on every node; Pause leaves every agent as it is.'),
  verdict: verdict.prefault({}).describe('When the update of a node counts as verified, and when as failed.'),
});

/** Bytes of kernel memory for a socket's unread redirected messages, beyond which messages go over TCP. bounds.ts bounds a pod and a node. */
export const spillBytesRange = { min: 4096, max: 64 * 1024 * 1024, default: 1024 * 1024 } as const;
/** The range of spec.connections.max, in joined connections of one node. */
export const maxConnectionsRange = { min: 1, max: 131072, default: 65536 } as const;

const connections = z.object({
  max: z
    .int()
    .min(maxConnectionsRange.min)
    .max(maxConnectionsRange.max)
    .default(maxConnectionsRange.default)
    .describe('Most joined connections of one node; further connections stay on TCP.'),
  spillBytes: z
    .int()
    .min(spillBytesRange.min)
    .max(spillBytesRange.max)
    .default(spillBytesRange.default)
    .describe(
      'Most bytes of kernel memory for the unread redirected messages of one socket: each counts with its length and 1 KiB, and there are at most 96. Further messages go over TCP until the socket is read.',
    ),
});

const agent = z.object({
  image: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('Image of the agent, which runs as root on every node. Default: the image of the controller.'),
  criSocket: z
    .string()
    .regex(/^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/, 'not the absolute path of a socket')
    .max(256)
    .optional()
    .describe('Path of the container runtime’s socket on every node. Without it, each agent finds the socket of its node; see docs/install.md.'),
  privileges: z
    .enum(['Capabilities', 'Privileged'])
    .default('Capabilities')
    .describe(
      'Capabilities: the Linux capabilities that docs/privileges.md lists. Privileged: a privileged container, for kernels before 5.11 and for security modules that deny the capabilities.',
    ),
  priorityClassName: z
    .string()
    .max(253)
    .regex(new RegExp(`^${subdomain}$`), 'not the name of a PriorityClass')
    .optional()
    .describe('PriorityClass of the agent pods. With system-node-critical the kubelet does not evict them when a node runs short of memory.'),
  resources: z
    .object({ requests: resourceList.optional(), limits: resourceList.optional() })
    .prefault({ requests: { cpu: '20m', memory: '96Mi' } })
    .describe(
      'Resources of the agent. Without limits.memory the limit is computed from connections.max, because the kernel charges the memory of connections to the agent.',
    ),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
});

export const spec = z.object({
  mode: mode
    .default('Accelerate')
    .describe(
      'Accelerate joins connections; Observe only counts the connections that could be joined; "Off", which YAML needs quoted, sends everything over TCP again.',
    ),
  selector: selector.prefault({}),
  paths: z
    .array(path)
    .min(1)
    .max(2)
    .meta(listSet)
    .default(['PodLocal', 'NodeLocal'])
    .describe('PodLocal: connections between an app and its own sidecar. NodeLocal: connections between two pods of one node.'),
  nodes: nodes.prefault({}),
  rollout: rollout.prefault({}),
  connections: connections.prefault({}),
  agent: agent.prefault({}),
});

export type Mode = z.infer<typeof mode>;
export type Path = z.infer<typeof path>;
export type LabelSelector = z.infer<typeof labelSelector>;
export type Spec = z.infer<typeof spec>;
