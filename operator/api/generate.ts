// Writes every file that is made from the schema and the reasons; with --check it only says which of them are stale.
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
    for (const [name] of changed) console.error(`${name} is not what operator/api says: run npm run generate and commit the result`);
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
