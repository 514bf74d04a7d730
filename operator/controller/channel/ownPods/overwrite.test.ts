// The content is that of the news, whatever was there; the objects are those that were there.
import fc from 'fast-check';
import { namespaceWith, reportWith } from '../../agents/agents.testing';
import { overwrite } from './overwrite';

test('a report takes the place of the one before it in the same objects', () => {
  const before = reportWith({ namespaces: [namespaceWith({ name: 'shop', fastBytes: 1 }), namespaceWith({ name: 'bank', reasons: [{ reason: 'PeerElsewhere', connections: 2 }] })] });
  const [shop, bank] = before.namespaces;
  const news = reportWith({ errors: 3, namespaces: [namespaceWith({ name: 'shop', fastBytes: 1e12 }), namespaceWith({ name: 'bank' })] });
  const kept = overwrite(before, news);
  expect(kept).toEqual(news);
  expect(kept).toBe(before);
  expect(kept.namespaces[0]).toBe(shop);
  expect(kept.namespaces[1]).toBe(bank);
});

test('any content takes the place of any other, and the news stay as they are', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (before, news) => {
      const copy = structuredClone(news);
      expect(overwrite(before, news)).toStrictEqual(copy);
      expect(news).toStrictEqual(copy);
    }),
    { numRuns: 2000 },
  );
});
