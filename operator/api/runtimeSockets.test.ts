import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeSockets } from './runtimeSockets';

test('docs/install.md lists exactly the sockets at which agents look for the container runtime', () => {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'install.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\/[^`]+\.sock)` \| (.+) \|$/gm)].map(([, path, of]) => ({ path, of }));
  expect(rows).toEqual(runtimeSockets);
});
