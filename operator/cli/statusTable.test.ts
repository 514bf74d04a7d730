import { recorded, recordedNow } from './recorded.testing';
import { statusTable } from './statusTable';

describe('the status table', () => {
  it('shows totals, unsupported nodes, and a line for each namespace', () => {
    expect(statusTable(recorded(), recordedNow)).toBe(
      `
SidecarAcceleration default: mode Accelerate, ready
nodes        2 of 3 ready
connections  136 of 138 ends accelerated (99%)
bytes sent   3.2 GiB on the fast path, 12.0 MiB over TCP

KernelTooOld on 1 (node3): the kernel is 4.18.0, and 5.10 is needed: upgrade the kernel of the node

NAMESPACE  STATE        PODS  CONNECTIONS     FAST       TCP  SINCE  WHY NOT
shop       Accelerated   4/4      128/128  3.0 GiB   1.0 MiB     5m
billing    Partial       2/2         4/10  205 MiB  11.0 MiB     2h  PeerElsewhere 3, BlockingReader 2, ...
`.trim(),
    );
  });

  it.each([
    ['Canary', [], 'rollout      Canary: revision b: canary on node1; 0 of 3 nodes updated\n'],
    [
      'Stopped',
      [{ node: 'node1', why: 'its agent was restarted 3 times' }],
      'rollout      Stopped: revision b: canary on node1; 0 of 3 nodes updated\n',
    ],
  ] as const)('has a line for a rollout that is %s', (stage, failures, line) => {
    const rollout = {
      stage,
      failures: [...failures],
      message: 'revision b: canary on node1; 0 of 3 nodes updated',
      to: 'b',
      from: 'a',
      remaining: 3,
      revisions: [],
      aside: [],
    };
    expect(statusTable(recorded({ status: { rollout } }), recordedNow)).toContain(line);
    expect(statusTable(recorded({ status: { rollout: { ...rollout, stage: 'Done' } } }), recordedNow)).not.toContain('rollout ');
  });

  it('escapes a line feed in a message', () => {
    const unsupported = [{ reason: 'LoadRefused' as const, nodes: 1, examples: ['node3'], message: 'no\nshop  Accelerated' }];
    expect(statusTable(recorded({ status: { nodes: { desired: 1, ready: 0, unsupported } } }), recordedNow)).toContain(
      'LoadRefused on 1 (node3): no\\u000ashop  Accelerated\n',
    );
  });

  it('shows the sum over the namespaces that are not listed', () => {
    const remainder = { namespaces: 7, connections: { open: 20, accelerated: 10 }, bytes: { fast: 1024, tcp: 0 } };
    expect(statusTable(recorded({ status: { remainder } }), recordedNow)).toContain(
      '7 more namespaces: 10 of 20 ends accelerated, 1.0 KiB on the fast path, 0 B over TCP',
    );
  });

  it('says that no controller has reconciled the resource yet', () => {
    expect(statusTable(recorded({ status: null }), recordedNow)).toBe(
      'SidecarAcceleration default: mode Accelerate, not ready: no controller has reconciled the resource yet; see whether the pod of sidecar-acceleration-controller runs\n\nno namespace with a selected pod has been reported',
    );
  });

  it('does not call a resource ready when the condition Ready is for an older generation', () => {
    expect(statusTable(recorded({ metadata: { generation: 4 } }), recordedNow)).toContain(
      'not ready: the controller has not seen the last change yet',
    );
  });
});
