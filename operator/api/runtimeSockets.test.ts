import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeSockets } from './runtimeSockets';

test('the page on installing has every socket that agents look at, and no other', () => {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'install.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\/[^`]+\.sock)` \| (.+) \|$/gm)].map(([, path, of]) => ({ path, of }));
  expect(rows).toEqual(runtimeSockets);
});
