// Build step: copies every .proto below operator/ and the console's page into dist/, beside the compiled code that loads them.
import { copyFileSync, globSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..', '..');

for (const file of globSync(['operator/**/*.proto', 'operator/cli/console/page/*.{html,css,svg,mjs}'], { cwd: root })) {
  const target = join(root, 'dist', file);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(root, file), target);
}
