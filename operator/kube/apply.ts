// Writes: server-side apply under one field manager, and deletion that does not mind absence.
import type { KubeClient } from './client';
import { isNotFound } from './errors';
import { pathOf, type Manifest } from './kinds';

export { collectionPathOf, pathOf, registerKind, type Kind, type Manifest } from './kinds';

export interface ApplyOptions {
  /** Who owns the fields that the manifest names. */
  readonly fieldManager: string;
  /** Take over fields that another manager owns; without it that is a conflict (409). */
  readonly force?: boolean;
  readonly subresource?: 'status';
  readonly signal?: AbortSignal;
}

/**
 * Creates or changes what the manifest names, and takes away what this manager named before and no longer does; all other
 * fields are left to others. Answers with the whole object.
 * @throws ApiError: 409 for another's field without `force`, 422 for an invalid object
 */
export function apply(client: KubeClient, object: Manifest, options: ApplyOptions): Promise<unknown> {
  const { fieldManager, force = false, subresource, signal } = options;
  return client.request('PATCH', pathOf(object) + (subresource === undefined ? '' : `/${subresource}`), {
    query: { fieldManager, force: String(force) },
    // JSON is YAML: the server has one content type for both.
    contentType: 'application/apply-patch+yaml',
    body: object,
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * Deletes the object that the manifest names; what it owns follows in the background.
 * @returns false when there was nothing to delete
 * @throws ApiError
 */
export async function remove(client: KubeClient, object: Manifest, options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
  try {
    await client.request('DELETE', pathOf(object), { body, ...options });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
