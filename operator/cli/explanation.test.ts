import { connectionReasonNames, type Status } from '../api';
import { exitCode } from './exit';
import { explanationOf } from './explanation';
import { recorded, recordedNow } from './recorded.testing';

const selected = { 'istio-injection': 'enabled' };

function explain(name: string, labels: Record<string, string> | undefined, resource = recorded()) {
  return explanationOf(resource, name, labels, recordedNow);
}

describe('the explanation of a listed namespace', () => {
  it('gives exit code 0 when the namespace is accelerated', () => {
    const { text, code } = explain('shop', undefined);
    expect(code).toBe(exitCode.success);
    expect(text).toBe(
      'Namespace shop: Accelerated for 5m\n  pods         4 of 4 accelerated\n  connections  128 of 128 ends accelerated\n  bytes sent   3.0 GiB on the fast path, 1.0 MiB over TCP',
    );
  });

  it('lists each reason with its count, meaning and remedy, and gives exit code 3', () => {
    const { text, code } = explain('billing', undefined);
    expect(code).toBe(exitCode.notReady);
    expect(text).toContain('2 × BlockingReader: The receiving program waits in a read of a blocking socket');
    expect(text).toContain('Use non-blocking sockets in the receiving program');
    expect(text).toContain('1 × SocketInUse');
  });

  it.each(connectionReasonNames)('describes the reason %s', (reason) => {
    const [, billing] = recorded().status?.namespaces ?? [];
    if (!billing) throw new Error('the recorded resource lists no second namespace');
    const namespaces: Status['namespaces'] = [{ ...billing, reasons: [{ reason, connections: 1 }] }];
    expect(explain('billing', undefined, recorded({ status: { namespaces } })).text).toContain(`1 × ${reason}: `);
  });
});

describe('the explanation of a namespace that is not listed', () => {
  it.each([
    ['is a system namespace', 'kube-system', selected, {}, 'never selected, because it is a system namespace'],
    ['opted out', 'legacy', { ...selected, 'acceleration.dev/mode': 'off' }, {}, 'kubectl label namespace legacy acceleration.dev/mode-'],
    ['does not match the selector', 'other', { team: 'a' }, {}, 'its labels do not match spec.selector.namespaces (istio-injection=enabled)'],
    ['no controller has reconciled', 'fresh', selected, { status: null }, 'no controller has reconciled the resource yet'],
    [
      'is counted only in the sum',
      'tail',
      selected,
      { status: { remainder: { namespaces: 2, connections: { open: 0, accelerated: 0 }, bytes: { fast: 0, tcp: 0 } } } },
      'not listed: the status lists the namespaces with the most connections',
    ],
    ['has no selected pod', 'empty', selected, {}, 'It is selected, but no running pod matches spec.selector.pods'],
    ['the user may not read', 'secret', undefined, {}, 'This user may not read its labels'],
  ])('names the cause for a namespace that %s', (_what, name, labels, changes, words) => {
    const { text, code } = explain(name, labels, recorded(changes));
    expect(text).toContain(words);
    expect(code).toBe(exitCode.notReady);
  });

  it('writes the matchExpressions of the selector in readable form', () => {
    const spec = {
      selector: {
        namespaces: {
          matchExpressions: [
            { key: 'team', operator: 'In', values: ['a', 'b'] },
            { key: 'x', operator: 'Exists' },
          ],
        },
      },
    };
    expect(explain('other', {}, recorded({ spec })).text).toContain('(team In (a, b), x Exists)');
  });
});
