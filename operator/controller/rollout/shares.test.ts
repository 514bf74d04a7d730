import { connectionReasonNames } from '../../api';
import { namespaceWith } from '../agents/agents.testing';
import { firstOf, sharesOf, worseThan } from './shares';

const shop = namespaceWith({ open: 100, accelerated: 90 });
const half = 0.5;

describe('the shares of a node', () => {
  it('are those of each namespace, most accelerated ends first, without namespaces that have few ends', () => {
    const bank = namespaceWith({ name: 'bank', open: 400, accelerated: 100 });
    const few = namespaceWith({ name: 'few', open: 19, accelerated: 19 });
    expect(Object.entries(sharesOf([shop, bank, few], false))).toEqual([
      ['bank', 0.25],
      ['shop', 0.9],
    ]);
  });

  it.each(connectionReasonNames)(
    'of the only selected namespace do not suffer from what its pods do, in contrast to what the node does: %s',
    (reason) => {
      const answers = ['UnwatchedReader', 'SocketInUse', 'SwitchedOff'].includes(reason);
      const tenant = namespaceWith({ open: 1000, accelerated: 100, reasons: [{ reason, connections: 900 }] });
      const amongOthers = reason === 'LimitReached' ? 1 : 0.1; // one tenant may have all places of the node, and must not decide by that
      expect([sharesOf([tenant], true), sharesOf([tenant], false)]).toEqual([{ shop: answers ? 0.1 : 1 }, { shop: amongOthers }]);
    },
  );

  it('of the only selected namespace count ends without a reason, and are none when only idle ends are left', () => {
    expect(sharesOf([namespaceWith({ open: 100, accelerated: 10 })], true)).toEqual({ shop: 0.1 });
    expect(sharesOf([namespaceWith({ open: 1000, accelerated: 0, reasons: [{ reason: 'Learning', connections: 1000 }] })], true)).toEqual({});
  });

  it('are between 0 and 1, whatever an agent reports', () => {
    const odd = namespaceWith({ open: 30, accelerated: 70, reasons: [{ reason: 'Learning', connections: 2 ** 53 - 1 }] });
    expect([sharesOf([odd], true), sharesOf([odd], false)]).toEqual([{ shop: 1 }, { shop: 1 }]);
  });

  it('are remembered up to a number of namespaces', () => {
    expect(firstOf({ a: 0.9, b: 0.8, c: 0.7 }, 2)).toEqual({ a: 0.9, b: 0.8 });
  });
});

describe('a node is worse than before', () => {
  it.each([
    ['when the only selected namespace is', { a: 0.9 }, { a: 0.1 }, true, 'it accelerates 10 % of its connections, and accelerated 90 % before'],
    [
      'when two namespaces of four are',
      { a: 0.9, b: 0.8, c: 0.7, d: 0.6 },
      { a: 0.1, b: 0, c: 0.7, d: 0.6 },
      false,
      'it accelerates less of 2 of 4 namespaces: 10 % of a (90 % before), 0 % of b (80 % before)',
    ],
    [
      'when all are',
      { a: 0.9, b: 0.9, c: 0.9 },
      { a: 0.1, b: 0.1, c: 0.1 },
      false,
      'it accelerates less of 3 of 3 namespaces: 10 % of a (90 % before), 10 % of b (90 % before), ...',
    ],
    ['not when one of two is', { a: 0.9, b: 0.9 }, { a: 0, b: 0.9 }, false, undefined],
    ['not when the only one that can be compared is', { a: 0.9 }, { a: 0 }, false, undefined],
    ['not when the others have few ends now', { a: 0.9, b: 0.9 }, { a: 0 }, false, undefined],
    ['not when fewer than half are', { a: 0.9, b: 0.9, c: 0.9, d: 0.9, e: 0.9 }, { a: 0, b: 0, c: 0.9, d: 0.9, e: 0.9 }, false, undefined],
    ['not when namespaces came that stay on TCP', { a: 0.9 }, { a: 0.9, b: 0, c: 0 }, false, undefined],
    ['not when nothing was accelerated before', { a: 0, b: 0 }, { a: 0, b: 0 }, false, undefined],
    ['not when each keeps its part', { a: 0.9, b: 0.4 }, { a: 0.45, b: 0.2 }, false, undefined],
    ['not without an earlier state', {}, { a: 0, b: 0 }, true, undefined],
  ])('%s', (_, before, now, alone, why) => {
    expect(worseThan(before, now, half, alone)).toBe(why);
  });
});
