// What spec.rollout means to the rollout's decisions.
import type { Spec } from '../../api';
import type { KubeNode } from './kubeNode';
import { namesOf } from './observe';
import type { RolloutPolicy } from './policy';

const second = 1000;

/** @param nodes of the cluster: a canary's node selector is looked up among them */
export function policyOf({ rollout }: Spec, nodes: readonly KubeNode[]): RolloutPolicy {
  const { canary, bakeSeconds, maxUnavailable, paused, onFailure, verdict } = rollout;
  return {
    canary: canary.nodeSelector === undefined ? { count: canary.count ?? 1 } : { names: namesOf(nodes, canary.nodeSelector) },
    bakeMs: bakeSeconds * second,
    maxUnavailable: maxUnavailable as RolloutPolicy['maxUnavailable'], // the schema's pattern says as much
    paused,
    onFailure,
    patience: {
      wellWithinMs: verdict.withinSeconds * second,
      maxRestarts: verdict.maxRestarts,
      maxErrors: verdict.maxErrors,
      shareKept: verdict.minSharePercent / 100,
    },
  };
}

/** Names what decides which connections are accelerated, apart from the namespaces that come and go. */
export function measureOf({ mode, paths, selector, connections }: Spec): string {
  return JSON.stringify([mode, [...paths].sort(), selector, connections]);
}
