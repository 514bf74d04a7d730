// A resource with the status of two loaded namespaces of a mesh, for tests.
import { sidecarAcceleration, type SidecarAcceleration, type Status } from '../api';

export const recordedNow = new Date('2026-03-01T12:00:00Z');

const status: Status = {
  observedGeneration: 3,
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Accelerating',
      message: 'All agents follow the order.',
      observedGeneration: 3,
      lastTransitionTime: '2026-03-01T11:00:00Z',
    },
    { type: 'Progressing', status: 'False', reason: 'Settled', message: '', observedGeneration: 3, lastTransitionTime: '2026-03-01T11:00:00Z' },
  ],
  nodes: {
    desired: 3,
    ready: 2,
    unsupported: [
      { reason: 'KernelTooOld', nodes: 1, examples: ['node3'], message: 'the kernel is 4.18.0, and 5.10 is needed: upgrade the kernel of the node' },
    ],
  },
  connections: { open: 138, accelerated: 136 },
  bytes: { fast: 3_435_973_837, tcp: 12_582_912 },
  summary: { nodes: '2/3', accelerated: '99%' },
  namespaces: [
    {
      name: 'shop',
      state: 'Accelerated',
      pods: { selected: 4, accelerated: 4 },
      connections: { open: 128, accelerated: 128 },
      bytes: { fast: 3_221_225_472, tcp: 1_048_576 },
      reasons: [],
      since: '2026-03-01T11:55:00Z',
    },
    {
      name: 'billing',
      state: 'Partial',
      pods: { selected: 2, accelerated: 2 },
      connections: { open: 10, accelerated: 4 },
      bytes: { fast: 214_748_365, tcp: 11_534_336 },
      reasons: [
        { reason: 'PeerElsewhere', connections: 3 },
        { reason: 'BlockingReader', connections: 2 },
        { reason: 'SocketInUse', connections: 1 },
      ],
      since: '2026-03-01T10:00:00Z',
    },
  ],
};

/** The resource with parts of its spec, status or metadata replaced. @param changes a `status` of null leaves the status out */
export function recorded(changes: { spec?: object; status?: Partial<Status> | null; metadata?: object } = {}): SidecarAcceleration {
  return sidecarAcceleration.parse({
    apiVersion: 'acceleration.dev/v1alpha1',
    kind: 'SidecarAcceleration',
    metadata: { name: 'default', uid: '1d0a', generation: 3, resourceVersion: '4711', ...changes.metadata },
    spec: { selector: { namespaces: { matchLabels: { 'istio-injection': 'enabled' } } }, ...changes.spec },
    ...(changes.status === null ? {} : { status: { ...status, ...changes.status } }),
  });
}
