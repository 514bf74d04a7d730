// The metadata of rendered objects.
import type { RenderInput } from './input';
import { labelsOf } from './names';

/**
 * Metadata with the resource as owner, so that the objects are deleted after it. blockOwnerDeletion is false: otherwise a foreground deletion,
 * which Argo CD uses, would delete the agents before they have drained their nodes.
 */
export function metadataOf(name: string, component: 'agent' | 'channel', { owner }: RenderInput) {
  return {
    name,
    labels: { ...labelsOf(component) },
    ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: false }],
  };
}
