// What keeps sidecar injectors of service meshes away from the product's own pods: a job with a proxy beside it never ends, and agents
// and controllers must start where a mesh does not work.
import type { Labels } from './labelSelector';

/** In labels where the mesh's webhook selects by them, else in annotations. The chart's pods have the same (templates/_helpers.tpl). */
export const uninjected: { readonly labels: Labels; readonly annotations: Labels } = {
  labels: {
    'sidecar.istio.io/inject': 'false',
    // Istio's ambient mode, which redirects without a sidecar.
    'istio.io/dataplane-mode': 'none',
    'kuma.io/sidecar-injection': 'disabled',
  },
  annotations: {
    'linkerd.io/inject': 'disabled',
    'consul.hashicorp.com/connect-inject': 'false',
  },
};
