import { apply, collectionPathOf, pathOf, registerKind, remove, type Manifest } from './apply';
import { ApiError, type KubeClient, type RequestOptions } from './client';

const manifest: Manifest = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace: 'here', name: 'one' }, spec: { a: 1 } };

/** A client that gives every request the same answer, and records the requests. */
function recorder(answer: () => Promise<unknown>): {
  client: KubeClient;
  asked: { method: string; path: string; options: RequestOptions | undefined }[];
} {
  const asked: { method: string; path: string; options: RequestOptions | undefined }[] = [];
  const request: KubeClient['request'] = (method, path, options) => {
    asked.push({ method, path, options });
    return answer();
  };
  return { client: { request, stream: () => (async function* () {})() }, asked };
}

describe('apply', () => {
  it('patches the object under its field manager, by default without force', async () => {
    const { client, asked } = recorder(() => Promise.resolve({ applied: true }));
    expect(await apply(client, manifest, { fieldManager: 'tests' })).toEqual({ applied: true });
    expect(asked).toEqual([
      {
        method: 'PATCH',
        path: '/apis/apps/v1/namespaces/here/daemonsets/one',
        options: { query: { fieldManager: 'tests', force: 'false' }, contentType: 'application/apply-patch+yaml', body: manifest },
      },
    ]);
  });

  it('patches the status at its subresource', async () => {
    const { client, asked } = recorder(() => Promise.resolve({}));
    await apply(client, manifest, { fieldManager: 'tests', force: true, subresource: 'status' });
    expect(asked[0]).toMatchObject({ path: '/apis/apps/v1/namespaces/here/daemonsets/one/status', options: { query: { force: 'true' } } });
  });
});

describe('remove', () => {
  it('deletes with background propagation and returns true', async () => {
    const { client, asked } = recorder(() => Promise.resolve({}));
    expect(await remove(client, manifest)).toBe(true);
    expect(asked[0]).toMatchObject({ method: 'DELETE', options: { body: { propagationPolicy: 'Background' } } });
  });

  it('returns false when the object does not exist', async () => {
    const { client } = recorder(() => Promise.reject(new ApiError('gone', 404, 'NotFound')));
    expect(await remove(client, manifest)).toBe(false);
  });

  it('throws any other error', async () => {
    const { client } = recorder(() => Promise.reject(new ApiError('no', 403, 'Forbidden')));
    await expect(remove(client, manifest)).rejects.toMatchObject({ code: 403 });
  });
});

describe('pathOf', () => {
  it.each([
    [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'a', name: 'b' } }, '/api/v1/namespaces/a/configmaps/b'],
    [{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'b' } }, '/api/v1/nodes/b'],
    [
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace: 'a', name: 'b' } },
      '/apis/coordination.k8s.io/v1/namespaces/a/leases/b',
    ],
    [
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'system:x/y' } },
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Ax%2Fy',
    ],
  ])('returns the path of %j', (object, path) => {
    expect(pathOf(object)).toBe(path);
  });

  it('throws for a kind until it is registered', () => {
    const gadget = { apiVersion: 'example.com/v1', kind: 'Gadget', metadata: { name: 'g' } };
    expect(() => pathOf(gadget)).toThrow('find the path of Gadget g: example.com/v1 Gadget is not registered; call registerKind');
    registerKind({ apiVersion: 'example.com/v1', kind: 'Gadget', plural: 'gadgets', namespaced: false });
    expect(pathOf(gadget)).toBe('/apis/example.com/v1/gadgets/g');
    expect(collectionPathOf(gadget)).toBe('/apis/example.com/v1/gadgets');
  });

  it('throws for a namespaced object without a namespace', () => {
    expect(() => pathOf({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } })).toThrow('it needs metadata.namespace');
  });
});
