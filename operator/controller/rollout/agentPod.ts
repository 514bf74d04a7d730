// Reads the fields of an agent's pod that a rollout needs.
import { z } from 'zod';
import { revisionLabel } from '../../api';
import { agentName } from '../render';

/** The revision of pods and templates of early releases, which have no revision label. */
export const unnamedRevision = 'unnamed';

const time = z.string().transform((text) => Date.parse(text));
const fields = z.looseObject({ key: z.string(), values: z.array(z.string()).default([]) });
const affinity = z.looseObject({
  nodeAffinity: z
    .looseObject({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .looseObject({
          nodeSelectorTerms: z.array(z.looseObject({ matchFields: z.array(fields).default([]) })),
        })
        .optional(),
    })
    .optional(),
});

const containerStatus = z.looseObject({
  restartCount: z.int().default(0),
  lastState: z.looseObject({ terminated: z.looseObject({ exitCode: z.int(), reason: z.string().default('') }).optional() }).prefault({}),
});

const stored = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    creationTimestamp: time,
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string(), controller: z.boolean().default(false) })).default([]),
  }),
  spec: z.looseObject({ nodeName: z.string().default(''), affinity: affinity.optional() }),
  status: z
    .looseObject({
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
      containerStatuses: z.array(containerStatus).default([]),
    })
    .prefault({}),
});

export interface KubePod {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly uid: string;
  /** The node of the pod; before it is scheduled, the node that it was created for. */
  readonly node: string;
  readonly revision: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly ready: boolean;
  /** Restarts, if the container ended by itself the last time; otherwise 0. */
  readonly restarts: number;
  /** Restarts, if the kubelet ended the container the last time; otherwise 0. */
  readonly kills: number;
  /** True while the pod is being deleted. */
  readonly leaving: boolean;
  /** True when the DaemonSet has created the pod. A rollout deletes no other pods. */
  readonly ours: boolean;
}

/** Reads a pod. @throws ZodError */
export function kubePod(raw: unknown): KubePod {
  const { metadata, spec, status } = stored.parse(raw);
  const { name, namespace, uid, labels } = metadata;
  const restarts = (byKubelet: boolean): number =>
    status.containerStatuses.filter((each) => killedByKubelet(each) === byKubelet).reduce((total, { restartCount }) => total + restartCount, 0);
  return {
    metadata: { name, namespace },
    uid,
    node: spec.nodeName === '' ? madeFor(spec.affinity) : spec.nodeName,
    revision: revisionOf(labels),
    createdAt: metadata.creationTimestamp,
    ready: status.conditions.some((each) => each.type === 'Ready' && each.status === 'True'),
    restarts: restarts(false),
    kills: restarts(true),
    leaving: metadata.deletionTimestamp !== undefined,
    ours: metadata.ownerReferences.some((owner) => owner.controller && owner.kind === 'DaemonSet' && owner.name === agentName),
  };
}

/** Exit codes after SIGTERM (0 of the agent, 143 of a program without a handler) and after SIGKILL (137). */
const killCodes = [0, 137, 143];

/**
 * True when the kubelet ended the container, because its liveness probe failed. Other clients can make a probe fail, so only many such restarts
 * count against a revision; an agent that does not work is noticed by its readiness and its reports too. A kill for memory (OOMKilled) is not by
 * the kubelet, although its exit code is 137 as well.
 */
function killedByKubelet({ lastState: { terminated } }: z.infer<typeof containerStatus>): boolean {
  return terminated !== undefined && killCodes.includes(terminated.exitCode) && terminated.reason !== 'OOMKilled';
}

/** The revision in the labels of a pod or template. */
export function revisionOf(labels: Readonly<Record<string, string>>): string {
  return labels[revisionLabel] ?? unnamedRevision;
}

/** The node of an unscheduled pod of a DaemonSet, which is in its affinity (ReplaceDaemonSetPodNodeNameNodeAffinity). */
function madeFor(affinityOf: z.infer<typeof affinity> | undefined): string {
  const terms = affinityOf?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchFields }) => matchFields).find(({ key }) => key === 'metadata.name')?.values[0] ?? '';
}
