// Reads the fields of a Node that a rollout needs, and decides on which nodes the DaemonSet runs an agent, by the rules of its controller.
import { z } from 'zod';
import { archLabel, type AsideReason, type Labels, type LeftOutReason, type Spec, systemLabel, unfit } from '../../api';

const time = z.string().transform((text) => Date.parse(text));
const taint = z
  .looseObject({ key: z.string(), value: z.string().default(''), effect: z.string() })
  .transform(({ key, value, effect }) => ({ key, value, effect }));
const condition = z.looseObject({ type: z.string(), status: z.string(), lastTransitionTime: time.optional() });

const stored = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    creationTimestamp: time,
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.looseObject({ unschedulable: z.boolean().default(false), taints: z.array(taint).default([]) }).prefault({}),
  status: z
    .looseObject({
      conditions: z.array(condition).default([]),
      nodeInfo: z.looseObject({ architecture: z.string(), operatingSystem: z.string() }).optional(),
    })
    .prefault({}),
});

export interface KubeNode {
  readonly metadata: { readonly name: string };
  readonly labels: Labels;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Undefined while the kubelet has set no condition Ready. */
  readonly ready: boolean | undefined;
  /** Milliseconds since the epoch of the last change of `ready`. */
  readonly readySince: number;
  readonly cordoned: boolean;
  /** True while the node is being deleted, or an autoscaler is about to remove it. */
  readonly leaving: boolean;
  readonly taints: readonly { readonly key: string; readonly value: string; readonly effect: string }[];
}

/** Taints by which autoscalers mark a node that they are about to remove. */
const leavingTaints = ['ToBeDeletedByClusterAutoscaler', 'karpenter.sh/disrupted', 'karpenter.sh/disruption'];

/** Reads a node. @throws ZodError */
export function kubeNode(raw: unknown): KubeNode {
  const { metadata, spec, status } = stored.parse(raw);
  const { name, labels, creationTimestamp, deletionTimestamp } = metadata;
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  const info = status.nodeInfo;
  const platform: Labels =
    info === undefined || info.architecture === '' ? {} : { [archLabel]: info.architecture, [systemLabel]: info.operatingSystem };
  return {
    metadata: { name },
    labels: { ...platform, ...labels },
    createdAt: creationTimestamp,
    ready: ready === undefined ? undefined : ready.status === 'True',
    readySince: ready?.lastTransitionTime ?? creationTimestamp,
    cordoned: spec.unschedulable,
    leaving: deletionTimestamp !== undefined || spec.taints.some(({ key }) => leavingTaints.includes(key)),
    taints: spec.taints,
  };
}

/** Whether a node has an agent, or why not. */
export type Place = 'Runs' | 'NotSelected' | LeftOutReason;

/** Whether the DaemonSet creates an agent for the node (shouldRun of pkg/controller/daemon/daemon_controller.go, Kubernetes 1.36). */
export function placeOf(node: KubeNode, { nodeSelector, tolerations }: Spec['nodes']): Place {
  if (!hasLabels(node, nodeSelector)) return 'NotSelected';
  const { [archLabel]: arch = '', [systemLabel]: system = '' } = node.labels;
  const reason = unfit(node.labels);
  // The kubelet has not set architecture and system yet; the DaemonSet waits for that as well.
  if (reason !== 'VirtualNode' && (arch === '' || system === '')) return 'NotSelected';
  if (reason !== undefined) return reason;
  const untolerated = node.taints.some(
    (each) => each.effect !== 'PreferNoSchedule' && !byItself.includes(each.key) && !tolerations.some((one) => tolerates(one, each)),
  );
  return untolerated ? 'TaintNotTolerated' : 'Runs';
}

/** Taints that every DaemonSet tolerates (AddOrUpdateDaemonPodTolerations), or with which the node is not Ready. */
const byItself = ['not-ready', 'unreachable', 'network-unavailable', 'disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map(
  (name) => `node.kubernetes.io/${name}`,
);

/** True when the node has all of the labels. */
export function hasLabels({ labels }: KubeNode, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

type Toleration = Spec['nodes']['tolerations'][number];

function tolerates({ key = '', operator = 'Equal', value = '', effect }: Toleration, taint: KubeNode['taints'][number]): boolean {
  if (effect !== undefined && effect !== taint.effect) return false;
  if (key === '') return operator === 'Exists';
  return key === taint.key && (operator === 'Exists' || value === taint.value);
}

/** Why the rollout sets the node aside; undefined when it does not. */
export function asideOf(node: KubeNode, place: Place): AsideReason | undefined {
  if (node.leaving) return 'NodeLeaving';
  if (node.ready !== true) return 'NodeNotReady';
  if (node.cordoned) return 'NodeCordoned';
  return place === 'TaintNotTolerated' ? place : undefined;
}
