import { namespaceWith } from '../agents/agents.testing';
import { totalsOf } from './namespaceTotals';

describe('the sums of a namespace', () => {
  it('are over all nodes', () => {
    const other = namespaceWith({ podsSelected: 1, podsAccelerated: 0, open: 5, accelerated: 1, adopted: 1, fastBytes: 4, tcpBytes: 8, draining: 1 });
    expect(totalsOf([namespaceWith(), other], 'Accelerate')).toEqual({
      pods: { selected: 3, accelerated: 2 },
      connections: { open: 15, accelerated: 11, adopted: 1 },
      bytes: { fast: 4100, tcp: 520 },
      reasons: [],
      draining: 1,
    });
  });

  it('are zero while no node has reported it', () => {
    const zero = {
      pods: { selected: 0, accelerated: 0 },
      connections: { open: 0, accelerated: 0, adopted: 0 },
      bytes: { fast: 0, tcp: 0 },
      reasons: [],
      draining: 0,
    };
    expect(totalsOf([], 'Accelerate')).toEqual(zero);
  });

  it('merge the reasons, most connections first and equal ones by name', () => {
    const one = namespaceWith({
      reasons: [
        { reason: 'Pairing', connections: 1 },
        { reason: 'PeerElsewhere', connections: 2 },
      ],
    });
    const two = namespaceWith({
      reasons: [
        { reason: 'BlockingReader', connections: 1 },
        { reason: 'PeerElsewhere', connections: 3 },
        { reason: 'LimitReached', connections: 0 },
      ],
    });
    expect(totalsOf([one, two], 'Accelerate').reasons).toEqual([
      { reason: 'PeerElsewhere', connections: 5 },
      { reason: 'BlockingReader', connections: 1 },
      { reason: 'Pairing', connections: 1 },
    ]);
  });

  it('never have more accelerated connections than open ones', () => {
    const { pods, connections } = totalsOf([namespaceWith({ open: 3, accelerated: 9, podsSelected: 1, podsAccelerated: 4 })], 'Accelerate');
    expect({ pods, connections }).toEqual({ pods: { selected: 1, accelerated: 1 }, connections: { open: 3, accelerated: 3, adopted: 0 } });
  });
});

describe('the report of a node that has applied the mode', () => {
  const report = namespaceWith({ podsAccelerated: 0, open: 10, accelerated: 7, reasons: [{ reason: 'PeerElsewhere', connections: 3 }] });

  it('counts its joined connections as Observing and keeps the other reasons in mode Observe', () => {
    const { connections, reasons } = totalsOf([report], 'Observe');
    expect(connections).toEqual({ open: 10, accelerated: 0, adopted: 0 });
    expect(reasons).toEqual([
      { reason: 'Observing', connections: 7 },
      { reason: 'PeerElsewhere', connections: 3 },
    ]);
  });

  it('counts all its connections as SwitchedOff in mode Off', () => {
    const { connections, reasons } = totalsOf([report], 'Off');
    expect(connections).toEqual({ open: 10, accelerated: 0, adopted: 0 });
    expect(reasons).toEqual([{ reason: 'SwitchedOff', connections: 10 }]);
  });
});

it('counts the accelerated connections of a node that has not applied mode Off yet', () => {
  expect(totalsOf([namespaceWith()], 'Off').connections).toEqual({ open: 10, accelerated: 10, adopted: 0 });
});
