import { matchesLabels } from './labelSelector';
import type { LabelSelector } from './spec';

const labels = { app: 'cart', tier: 'web', empty: '' };

const cases: readonly [string, LabelSelector, boolean][] = [
  ['an empty selector matches everything', {}, true],
  ['matchLabels needs every label', { matchLabels: { app: 'cart', tier: 'db' } }, false],
  ['matchLabels matches equal values', { matchLabels: { app: 'cart', tier: 'web' } }, true],
  ['an empty value in matchLabels does not match a missing label', { matchLabels: { missing: '' } }, false],
  ['In matches a listed value', { matchExpressions: [{ key: 'app', operator: 'In', values: ['cart', 'shop'] }] }, true],
  ['In needs the key', { matchExpressions: [{ key: 'missing', operator: 'In', values: ['cart'] }] }, false],
  ['NotIn refuses a listed value', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['cart'] }] }, false],
  ['NotIn holds without the key', { matchExpressions: [{ key: 'missing', operator: 'NotIn', values: ['cart'] }] }, true],
  ['Exists holds for an empty value', { matchExpressions: [{ key: 'empty', operator: 'Exists' }] }, true],
  ['DoesNotExist refuses a present key', { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
  ['Exists does not hold for a property that objects inherit', { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, false],
  [
    'matchLabels and matchExpressions must both hold',
    { matchLabels: { app: 'cart' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['db'] }] },
    false,
  ],
];

test.each(cases)('%s', (_, selector, expected) => {
  expect(matchesLabels(selector, labels)).toBe(expected);
});
