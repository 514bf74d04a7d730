// Whether the resource is in force, from its conditions alone.
import type { SidecarAcceleration } from '../api';

export interface Readiness {
  readonly ready: boolean;
  /** Why not, in one sentence; the controller's own words where it has any. */
  readonly message: string;
}

/** Ready means the condition says so about the generation that is stored now. */
export function readinessOf(resource: SidecarAcceleration): Readiness {
  const condition = resource.status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition === undefined) {
    return { ready: false, message: 'no controller has looked at it yet; see whether the pod of sidecar-acceleration-controller runs' };
  }
  if (condition.observedGeneration < resource.metadata.generation) {
    return { ready: false, message: 'the controller has not seen the last change yet' };
  }
  return { ready: condition.status === 'True', message: condition.message };
}
