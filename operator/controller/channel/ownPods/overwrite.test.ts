// overwrite() returns the JavaScript objects of the old report with the content of the new one.
import fc from 'fast-check';
import { namespaceWith, reportWith } from '../../agents/agents.testing';
import { overwrite } from './overwrite';

test('overwrite() writes a report into the JavaScript objects of the previous report', () => {
  const before = reportWith({
    namespaces: [
      namespaceWith({ name: 'shop', fastBytes: 1 }),
      namespaceWith({ name: 'bank', reasons: [{ reason: 'PeerElsewhere', connections: 2 }] }),
    ],
  });
  const [shop, bank] = before.namespaces;
  const news = reportWith({ errors: 3, namespaces: [namespaceWith({ name: 'shop', fastBytes: 1e12 }), namespaceWith({ name: 'bank' })] });
  const kept = overwrite(before, news);
  expect(kept).toEqual(news);
  expect(kept).toBe(before);
  expect(kept.namespaces[0]).toBe(shop);
  expect(kept.namespaces[1]).toBe(bank);
});

test('overwrite() turns any object into a copy of any other, and does not change that other object', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (before, news) => {
      const copy = structuredClone(news);
      expect(overwrite(before, news)).toStrictEqual(copy);
      expect(news).toStrictEqual(copy);
    }),
    { numRuns: 2000 },
  );
});
