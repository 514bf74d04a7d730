// Metadata that all rendered objects share.
import type { RenderInput } from './input';
import { labelsOf } from './names';

/**
 * The resource is the owner, so that the objects go when it is gone. It is never blocked by them: deletion in the
 * foreground (Argo CD's way) would otherwise take the agents away before the finalizer had them drain their nodes.
 */
export function metadataOf(name: string, component: 'agent' | 'channel', { owner }: RenderInput) {
  return {
    name,
    labels: { ...labelsOf(component) },
    ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: false }],
  };
}
