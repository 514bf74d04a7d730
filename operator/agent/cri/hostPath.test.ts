import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { insideHost } from './hostPath';

let host: string;
beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'host-'));
});
afterEach(() => rmSync(host, { recursive: true }));

function link(path: string, target: string): void {
  mkdirSync(dirname(join(host, path)), { recursive: true });
  symlinkSync(target, join(host, path));
}

test.each<[string, Record<string, string>, string, string]>([
  ['no link', {}, '/run/c.sock', '/run/c.sock'],
  ['an absolute link in the place of a directory', { '/var/run': '/run' }, '/var/run/a/c.sock', '/run/a/c.sock'],
  ['a relative link', { '/var/run': '../run' }, '/var/run/c.sock', '/run/c.sock'],
  ['a link in the place of the last name', { '/run/c.sock': '/run/own/d.sock' }, '/run/c.sock', '/run/own/d.sock'],
  ['a link to a link', { '/a': '/b/x', '/b': 'c' }, '/a/c.sock', '/c/x/c.sock'],
  ['a link above the root', { '/a/up': '../../../../etc' }, '/a/up/c.sock', '/etc/c.sock'],
])('a path is resolved inside the root of the host: %s', (_what, links, path, found) => {
  for (const [from, to] of Object.entries(links)) link(from, to);
  expect(insideHost(host, path)).toBe(join(host, found));
});

test('forty links are followed, and no more', () => {
  for (let n = 1; n <= 41; n += 1) link(`/l${n}`, n === 1 ? '/run' : `/l${n - 1}`);
  expect(insideHost(host, '/l40/c.sock')).toBe(join(host, 'run/c.sock'));
  expect(() => insideHost(host, '/l41/c.sock')).toThrow('resolve /l41/c.sock of the host: more than 40 symbolic links');
});
