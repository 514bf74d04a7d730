import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentHash } from './contentHash';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'content-hash-'))));
afterEach(() => rmSync(directory, { recursive: true }));

function tree(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(directory, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test('trees with the same content have the same hash in every directory', () => {
  const files = { 'a.txt': '1', 'below/b.txt': '2' };
  expect(contentHash(['x'], [tree('one', files)])).toBe(contentHash(['x'], [tree('other', files)]));
});

test('another text, another content and another file name each change the hash', () => {
  const hashes = [
    contentHash(['x'], [tree('one', { 'a.txt': '1' })]),
    contentHash(['y'], [tree('two', { 'a.txt': '1' })]),
    contentHash(['x'], [tree('three', { 'a.txt': '2' })]),
    contentHash(['x'], [tree('four', { 'b.txt': '1' })]),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});
