// Writes every file that is generated from operator/api; with --check it writes nothing and fails when a file is not up to date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles } from './generated';

const root = join(__dirname, '..', '..');

function stale(path: string, text: string): boolean {
  return !existsSync(path) || readFileSync(path, 'utf8') !== text;
}

function main(check: boolean): number {
  const changed = [...generatedFiles()].filter(([name, text]) => stale(join(root, name), text));
  if (check) {
    for (const [name] of changed) console.error(`${name} differs from what operator/api generates: run npm run generate and commit the file`);
    return changed.length === 0 ? 0 : 1;
  }
  for (const [name, text] of changed) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
    console.log(`wrote ${name}`);
  }
  return 0;
}

process.exitCode = main(process.argv.includes('--check'));
