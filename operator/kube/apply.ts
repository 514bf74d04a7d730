// Writes to the API server: server-side apply under one field manager, and deletion that accepts a missing object.
import type { KubeClient } from './client';
import { isNotFound } from './errors';
import { pathOf, type Manifest } from './kinds';

export { collectionPathOf, pathOf, registerKind, type Kind, type Manifest } from './kinds';

export interface ApplyOptions {
  /** The field manager that owns the fields of the manifest. */
  readonly fieldManager: string;
  /** Takes over fields that another manager owns; without it such a field is a conflict (409). */
  readonly force?: boolean;
  readonly subresource?: 'status';
  readonly signal?: AbortSignal;
}

/**
 * Creates or changes the object by server-side apply: sets the fields of the manifest, removes fields that this manager set before and that
 * the manifest no longer has, and leaves all other fields.
 * @returns the whole object as the server stored it
 * @throws ApiError: 409 for a field of another manager without `force`, 422 for an invalid object
 */
export function apply(client: KubeClient, object: Manifest, options: ApplyOptions): Promise<unknown> {
  const { fieldManager, force = false, subresource, signal } = options;
  return client.request('PATCH', pathOf(object) + (subresource === undefined ? '' : `/${subresource}`), {
    query: { fieldManager, force: String(force) },
    // JSON is YAML, and the server has this one content type for both.
    contentType: 'application/apply-patch+yaml',
    body: object,
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * Deletes the object of the manifest; the garbage collector deletes the objects that it owns afterwards.
 * @returns false when the object did not exist
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
