import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const mockCache = mkdtempSync(join(tmpdir(), 'cache-'));
jest.mock('./paths', () => ({ cacheDirectory: mockCache }));
import { cached, isCached, keepNewest } from './cache';

afterAll(() => rmSync(mockCache, { recursive: true }));

const making = (text: string) => (into: string) => writeFile(join(into, 'thing'), text);
const read = (entry: { directory: string }): string => readFileSync(join(entry.directory, 'thing'), 'utf8');

test('an entry is made once and found afterwards', async () => {
  expect((await cached('part-1', making('first'))).found).toBe(false);
  const second = await cached('part-1', making('second'));
  expect(second.found).toBe(true);
  expect(read(second)).toBe('first');
});

test('a maker that fails leaves nothing behind', async () => {
  await expect(cached('broken-1', () => Promise.reject(new Error('no compiler')))).rejects.toThrow('no compiler');
  expect(isCached('broken-1')).toBe(false);
  expect(readdirSync(mockCache).filter((name) => name.includes('broken'))).toEqual([]);
});

test('two makers at the same time both get the same complete entry', async () => {
  const entries = await Promise.all([cached('race-1', making('one')), cached('race-1', making('other'))]);
  expect(read(entries[0])).toBe(read(entries[1]));
});

test('keepNewest removes all but the newest entries with a prefix', async () => {
  for (const name of ['edit-a', 'edit-b', 'edit-c']) await cached(name, making(name));
  await keepNewest('edit-', 1);
  expect(readdirSync(mockCache).filter((name) => name.startsWith('edit-'))).toHaveLength(1);
  expect(existsSync(join(mockCache, 'part-1'))).toBe(true);
});
