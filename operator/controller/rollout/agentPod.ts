// What a rollout reads of an agent's pod.
import { z } from 'zod';
import { revisionLabel } from '../../api';
import { agentName } from '../render';

/** The revision of pods and templates from before revisions had names. */
export const unnamedRevision = 'unnamed';

const time = z.string().transform((text) => Date.parse(text));
const fields = z.looseObject({ key: z.string(), values: z.array(z.string()).default([]) });
const affinity = z.looseObject({
  nodeAffinity: z.looseObject({
    requiredDuringSchedulingIgnoredDuringExecution: z.looseObject({
      nodeSelectorTerms: z.array(z.looseObject({ matchFields: z.array(fields).default([]) })),
    }).optional(),
  }).optional(),
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
  status: z.looseObject({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    containerStatuses: z.array(containerStatus).default([]),
  }).prefault({}),
});

export interface KubePod {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly uid: string;
  /** The node that it is on or is made for. */
  readonly node: string;
  readonly revision: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly ready: boolean;
  /** Of containers that ended by themselves last. */
  readonly restarts: number;
  /** Of containers that the kubelet ended last. */
  readonly kills: number;
  readonly leaving: boolean;
  /** Made by the DaemonSet: nothing else is ever deleted. */
  readonly ours: boolean;
}

/** @throws ZodError */
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

/** SIGTERM, which the agent ends with 0 and a program without a handler with 143, and SIGKILL, when it did not end in time. */
const killCodes = [0, 137, 143];

/**
 * By its liveness probe: that no answer came is what others can cause, and condemns a revision only when it happens again and again. An agent
 * that does not become well is seen all the same, by its readiness and its reports. Too much memory is no kill of the kubelet, though its code is 137 too.
 */
function killedByKubelet({ lastState: { terminated } }: z.infer<typeof containerStatus>): boolean {
  return terminated !== undefined && killCodes.includes(terminated.exitCode) && terminated.reason !== 'OOMKilled';
}

export function revisionOf(labels: Readonly<Record<string, string>>): string {
  return labels[revisionLabel] ?? unnamedRevision;
}

/** A DaemonSet's pod that waits for the scheduler says by its affinity where it belongs (ReplaceDaemonSetPodNodeNameNodeAffinity). */
function madeFor(affinityOf: z.infer<typeof affinity> | undefined): string {
  const terms = affinityOf?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchFields }) => matchFields).find(({ key }) => key === 'metadata.name')?.values[0] ?? '';
}
