// Labels and annotations that keep service meshes from injecting a sidecar into the product's own pods: a job with a sidecar never ends,
// and agents and controllers must also start while the mesh does not work.
import type { Labels } from './labelSelector';

/** A label where the mesh's webhook selects by labels, otherwise an annotation. The chart has the same ones (templates/_helpers.tpl). */
export const uninjected: { readonly labels: Labels; readonly annotations: Labels } = {
  labels: {
    'sidecar.istio.io/inject': 'false',
    // Istio's ambient mode, which redirects a pod's traffic without a sidecar.
    'istio.io/dataplane-mode': 'none',
    'kuma.io/sidecar-injection': 'disabled',
  },
  annotations: {
    'linkerd.io/inject': 'disabled',
    'consul.hashicorp.com/connect-inject': 'false',
  },
};
