// Converts spec.rollout to the rules of a rollout.
import type { Spec } from '../../api';
import type { KubeNode } from './kubeNode';
import { namesOf } from './observe';
import type { RolloutPolicy } from './policy';

const second = 1000;

/** The rules of a spec. @param nodes nodes of the cluster, among which the canary's node selector selects */
export function policyOf({ rollout }: Spec, nodes: readonly KubeNode[]): RolloutPolicy {
  const { canary, bakeSeconds, maxUnavailable, paused, onFailure, verdict } = rollout;
  return {
    canary: canary.nodeSelector === undefined ? { count: canary.count ?? 1 } : { names: namesOf(nodes, canary.nodeSelector) },
    bakeMs: bakeSeconds * second,
    maxUnavailable: maxUnavailable as RolloutPolicy['maxUnavailable'], // the schema's pattern guarantees it
    paused,
    onFailure,
    thresholds: {
      wellWithinMs: verdict.withinSeconds * second,
      maxRestarts: verdict.maxRestarts,
      maxErrors: verdict.maxErrors,
      shareKept: verdict.minSharePercent / 100,
    },
  };
}

/** Identifies the settings that decide which connections are accelerated, apart from the list of namespaces. */
export function measureOf({ mode, paths, selector, connections }: Spec): string {
  return JSON.stringify([mode, [...paths].sort(), selector, connections]);
}
