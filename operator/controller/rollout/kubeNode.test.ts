import { specWith } from '../agents/agents.testing';
import { kubePod, unnamedRevision } from './agentPod';
import { asideOf, kubeNode, placeOf } from './kubeNode';

const created = '2026-03-01T12:00:00Z';
const platform = { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux' };
const ready = { type: 'Ready', status: 'True', lastTransitionTime: created };

function nodeWith({
  labels = platform,
  spec = {},
  conditions = [ready],
  deleted = false,
}: { labels?: Record<string, string>; spec?: object; conditions?: object[]; deleted?: boolean } = {}) {
  const metadata = { name: 'n1', labels, creationTimestamp: created, ...(deleted ? { deletionTimestamp: created } : {}) };
  return kubeNode({ apiVersion: 'v1', kind: 'Node', metadata, spec, status: { conditions } });
}

const tainted = (key: string, effect = 'NoSchedule'): object => ({ taints: [{ key, effect, value: 'x' }] });
const placed = (node: ReturnType<typeof kubeNode>, nodes: object = {}): string => placeOf(node, specWith({ nodes }).nodes);

describe('an agent runs', () => {
  it.each([
    ['on a Linux node of a supported architecture', nodeWith(), {}, 'Runs'],
    ['not on another architecture', nodeWith({ labels: { ...platform, 'kubernetes.io/arch': 's390x' } }), {}, 'UnsupportedPlatform'],
    ['not on Windows', nodeWith({ labels: { ...platform, 'kubernetes.io/os': 'windows' } }), {}, 'UnsupportedPlatform'],
    ['not on AWS Fargate', nodeWith({ labels: { ...platform, 'eks.amazonaws.com/compute-type': 'fargate' } }), {}, 'VirtualNode'],
    [
      'not on a virtual kubelet, whatever its taints are',
      nodeWith({ labels: { type: 'virtual-kubelet' }, spec: tainted('virtual-kubelet.io/provider') }),
      {},
      'VirtualNode',
    ],
    ['on other nodes of AWS', nodeWith({ labels: { ...platform, 'eks.amazonaws.com/compute-type': 'ec2' } }), {}, 'Runs'],
    ['not before the node has labels for architecture and system', nodeWith({ labels: {} }), {}, 'NotSelected'],
    ['not on a node that is not selected', nodeWith(), { nodeSelector: { pool: 'mesh' } }, 'NotSelected'],
    ['with any taint by default', nodeWith({ spec: tainted('dedicated', 'NoExecute') }), {}, 'Runs'],
    ['not with a taint when nothing is tolerated', nodeWith({ spec: tainted('dedicated') }), { tolerations: [] }, 'TaintNotTolerated'],
    ['with a taint of effect PreferNoSchedule', nodeWith({ spec: tainted('dedicated', 'PreferNoSchedule') }), { tolerations: [] }, 'Runs'],
    ['with a taint that every DaemonSet tolerates', nodeWith({ spec: tainted('node.kubernetes.io/unschedulable') }), { tolerations: [] }, 'Runs'],
    ['with a toleration of the key', nodeWith({ spec: tainted('dedicated') }), { tolerations: [{ key: 'dedicated', operator: 'Exists' }] }, 'Runs'],
    [
      'with a toleration of key and value',
      nodeWith({ spec: tainted('dedicated') }),
      { tolerations: [{ key: 'dedicated', value: 'x', effect: 'NoSchedule' }] },
      'Runs',
    ],
    [
      'not with a toleration of another value',
      nodeWith({ spec: tainted('dedicated') }),
      { tolerations: [{ key: 'dedicated', value: 'y' }] },
      'TaintNotTolerated',
    ],
    [
      'not with a toleration of another effect',
      nodeWith({ spec: tainted('dedicated', 'NoExecute') }),
      { tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }] },
      'TaintNotTolerated',
    ],
  ])('%s', (_, node, nodes, place) => {
    expect(placed(node, nodes)).toBe(place);
  });
});

describe('a node is set aside', () => {
  it.each([
    ['not when it is Ready', nodeWith(), undefined],
    ['when it is not Ready', nodeWith({ conditions: [{ ...ready, status: 'Unknown' }] }), 'NodeNotReady'],
    ['when it has no condition Ready', nodeWith({ conditions: [] }), 'NodeNotReady'],
    ['when it is cordoned', nodeWith({ spec: { unschedulable: true } }), 'NodeCordoned'],
    ['when it is deleted', nodeWith({ deleted: true }), 'NodeLeaving'],
    ['when an autoscaler is about to remove it', nodeWith({ spec: tainted('ToBeDeletedByClusterAutoscaler') }), 'NodeLeaving'],
  ])('%s', (_, node, reason) => {
    expect(asideOf(node, 'Runs')).toBe(reason);
  });

  it('when a taint would keep its next agent from being scheduled', () => {
    expect(asideOf(nodeWith(), 'TaintNotTolerated')).toBe('TaintNotTolerated');
  });
});

describe('an agent pod', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'sidecar-acceleration-agent', uid: 'd', controller: true };
  const metadata = {
    name: 'a',
    namespace: 'acceleration',
    uid: 'u',
    creationTimestamp: created,
    labels: { 'acceleration.dev/revision': 'abc' },
    ownerReferences: [owner],
  };

  it('has its node, its revision, its readiness and its number of restarts', () => {
    const status = { conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ restartCount: 2 }] };
    expect(kubePod({ metadata, spec: { nodeName: 'n1' }, status })).toMatchObject({
      node: 'n1',
      revision: 'abc',
      ready: true,
      restarts: 2,
      leaving: false,
      ours: true,
    });
  });

  it.each([
    ['ended by itself', { exitCode: 1, reason: 'Error' }, 3, 0],
    ['was killed by the kernel for its memory', { exitCode: 137, reason: 'OOMKilled' }, 3, 0],
    ['crashed in C', { exitCode: 139, reason: 'Error' }, 3, 0],
    ['was ended by the kubelet with SIGTERM', { exitCode: 0, reason: 'Completed' }, 0, 3],
    ['was ended by the kubelet with SIGKILL', { exitCode: 137, reason: 'Error' }, 0, 3],
  ])('that %s has its restarts counted accordingly', (_, terminated, restarts, kills) => {
    const status = { containerStatuses: [{ restartCount: 3, lastState: { terminated } }] };
    expect(kubePod({ metadata, spec: { nodeName: 'n1' }, status })).toMatchObject({ restarts, kills });
  });

  it('belongs to the node in its affinity before it is scheduled', () => {
    const terms = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n7'] }] }] };
    expect(kubePod({ metadata, spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } } })).toMatchObject({
      node: 'n7',
      ready: false,
    });
  });

  it('without a revision label is of revision "unnamed", and one of another owner is not ours', () => {
    expect(kubePod({ metadata: { ...metadata, labels: {}, ownerReferences: [] }, spec: { nodeName: 'n1' } })).toMatchObject({
      revision: unnamedRevision,
      ours: false,
    });
  });
});
