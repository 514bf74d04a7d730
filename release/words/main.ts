// Command, part of `make lint`: names the words of exported types that are in neither docs/glossary.md nor known.txt.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { glossaryWords, listedWords, type NamedType, typesOfC, typesOfTypescript, unknownWords, unusedWords } from './glossary';

const checkout = join(__dirname, '..', '..');
const glossaryFile = 'docs/glossary.md';
const listFile = 'release/words/known.txt';

const read = (file: string): string => readFileSync(join(checkout, file), 'utf8');

function exportedTypes(): NamedType[] {
  const c = globSync('ebpf/*.{h,c}', { cwd: checkout }).sort();
  const typescript = globSync('operator/{agent,protocol}/**/*.ts', { cwd: checkout })
    .filter((file) => !file.endsWith('.test.ts'))
    .sort();
  return [...c.flatMap((file) => typesOfC(file, read(file))), ...typescript.flatMap((file) => typesOfTypescript(file, read(file)))];
}

function main(): number {
  const types = exportedTypes();
  const listed = listedWords(read(listFile));
  const unknown = unknownWords(types, [...glossaryWords(read(glossaryFile)), ...listed]);
  for (const { word, file, name } of unknown) {
    console.error(
      `${file}: the word "${word}" of ${name} is not in ${glossaryFile}: explain it there, or use the kernel's or Kubernetes' own word and list that in ${listFile}`,
    );
  }
  const unused = unusedWords(types, listed);
  for (const word of unused) console.error(`${listFile}: no exported type uses the word "${word}": remove it`);
  return unknown.length + unused.length === 0 ? 0 : 1;
}

process.exitCode = main();
