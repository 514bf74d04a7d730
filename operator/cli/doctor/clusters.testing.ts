// Clusters for doctor's tests: one without the product, and one with a healthy installation.
import { customResourceDefinition } from '../../api';
import { FakeApi } from '../api.testing';
import { recorded } from '../recorded.testing';

export const base = '/apis/apps/v1/namespaces/sidecar-acceleration';
const time = '2026-03-01T11:59:55.000000Z';

export const node = (name: string, info: object = {}, conditions = [{ type: 'Ready', status: 'True' }]) => ({
  metadata: { name, labels: {} },
  status: {
    conditions,
    nodeInfo: {
      kernelVersion: '6.1.0-38-amd64',
      architecture: 'amd64',
      operatingSystem: 'linux',
      containerRuntimeVersion: 'containerd://2.0.0',
      osImage: 'Debian',
      ...info,
    },
  },
});

export const workload = (name: string, status: object) => ({
  metadata: { name, namespace: 'sidecar-acceleration', labels: {} },
  spec: { replicas: 1, template: { spec: { containers: [{ image: 'example/acc:1' }] } } },
  status,
});

export const stored = (change: (schema: { properties: Record<string, { properties: Record<string, unknown> }> }) => void = () => undefined) => {
  const crd = JSON.parse(JSON.stringify(customResourceDefinition()));
  change(crd.spec.versions[0].schema.openAPIV3Schema);
  return crd;
};

export const allowed = { status: { allowed: true } };
export const review = 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
export const resourcePath = 'GET /apis/acceleration.dev/v1alpha1/sidecaraccelerations/default';
export const crdPath = 'GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/sidecaraccelerations.acceleration.dev';

export const inNamespace = (namespace: string, object: string): string => `GET /apis/apps/v1/namespaces/${namespace}/${object}`;
export const controllerPath = `GET ${base}/deployments/sidecar-acceleration-controller`;
export const bindingPath = 'GET /apis/rbac.authorization.k8s.io/v1/clusterrolebindings/sidecar-acceleration-controller';
export const bindingTo = (...namespaces: string[]) => ({
  subjects: namespaces.map((namespace) => ({ kind: 'ServiceAccount', name: 'sidecar-acceleration-controller', namespace })),
});

/** A cluster without the product. */
export const empty = () =>
  new FakeApi()
    .on('GET /version', { gitVersion: 'v1.33.2' })
    .on('GET /api/v1/nodes', { items: [node('one'), node('two')] })
    .on('GET /api/v1/namespaces', {
      items: [{ metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } }, { metadata: { name: 'plain' } }],
    })
    .on('GET /apis', { groups: [{ name: 'apps' }, { name: 'chaos-mesh.org' }, { name: 'litmuschaos.io' }] })
    .on('GET /api/v1/pods', { items: [] })
    .on('GET /api/v1/namespaces/sidecar-acceleration/pods', { items: [] })
    .on(review, allowed);

/** A cluster with a healthy installation. */
export const installed = () => {
  const ready = recorded({ status: { nodes: { desired: 2, ready: 2, unsupported: [] } } });
  return empty()
    .on(bindingPath, bindingTo('sidecar-acceleration'))
    .on(controllerPath, workload('sidecar-acceleration-controller', { readyReplicas: 1 }))
    .on(`GET ${base}/daemonsets/sidecar-acceleration-agent`, workload('sidecar-acceleration-agent', { desiredNumberScheduled: 2, numberReady: 2 }))
    .on('GET /apis/coordination.k8s.io/v1/namespaces/sidecar-acceleration/leases/sidecar-acceleration-controller', {
      spec: { holderIdentity: 'a', renewTime: time },
    })
    .on(crdPath, stored())
    .on(resourcePath, ready);
};
