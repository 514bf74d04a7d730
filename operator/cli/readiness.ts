// Whether the resource is ready, from its condition Ready.
import type { SidecarAcceleration } from '../api';

export interface Readiness {
  readonly ready: boolean;
  /** The condition's message, or why the condition does not count. */
  readonly message: string;
}

/** The resource is ready when the condition Ready is True for its current generation. */
export function readinessOf(resource: SidecarAcceleration): Readiness {
  const condition = resource.status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition === undefined) {
    return { ready: false, message: 'no controller has reconciled the resource yet; see whether the pod of sidecar-acceleration-controller runs' };
  }
  if (condition.observedGeneration < resource.metadata.generation) {
    return { ready: false, message: 'the controller has not seen the last change yet' };
  }
  return { ready: condition.status === 'True', message: condition.message };
}
