// Checks that every word of an exported type's name is either explained in docs/glossary.md or listed in known.txt. Pure.

/** A type that other files can use. */
export interface NamedType {
  /** The path relative to the checkout. */
  readonly file: string;
  readonly name: string;
}

/** An unknown word, and the first type that uses it. */
export interface UnknownWord extends NamedType {
  readonly word: string;
}

/** Matches the declarations of kernel types, which are between these two lines of ebpf/kernel.h. */
const kernelTypes = /^#pragma clang attribute push\(__attribute__\(\(preserve_access_index\)\)[^]*?^#pragma clang attribute pop$/gm;
const cType = /^(?:typedef )?(?:struct|enum|union) (\w+)\s*\{/gm;
const typescriptType = /^export (?:default |declare |abstract |const )*(?:interface|type|class|enum) (\w+)/gm;

/** The structs, unions and enums that a C file defines. Three underscores begin the flavour of a kernel's type (libbpf's CO-RE), which is no word. */
export function typesOfC(file: string, text: string): NamedType[] {
  return namesIn(text.replaceAll(kernelTypes, ''), cType).map((name) => ({ file, name: name.replace(/___.*$/, '') }));
}

/** The interfaces, types, classes and enums that a TypeScript file exports. */
export function typesOfTypescript(file: string, text: string): NamedType[] {
  return namesIn(text, typescriptType).map((name) => ({ file, name }));
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name);
}

/** `BpfMap` → bpf, map; `socket_address_v4` → socket, address. A word with a digit names a version, and is none. */
export function wordsOf(name: string): string[] {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .split('_');
  return words.filter((word) => word !== '' && !/\d/.test(word)).map((word) => word.toLowerCase());
}

/** The words of all terms: the first column of every table whose head is `| term | meaning | … |`. */
export function glossaryWords(markdown: string): string[] {
  return rowsOf(markdown).flatMap(([term = '']) => term.toLowerCase().match(/[a-z]+/g) ?? []);
}

/** The cells of the glossary's rows. @throws Error for a row without three cells */
export function rowsOf(markdown: string): string[][] {
  const rows: string[][] = [];
  let inGlossary = false;
  for (const line of markdown.split('\n')) {
    if (!line.startsWith('|')) inGlossary = false;
    else if (/^\| term \| meaning \|/.test(line)) inGlossary = true;
    else if (inGlossary && !/^\|[-|]+$/.test(line)) rows.push(cellsOf(line));
  }
  return rows;
}

function cellsOf(line: string): string[] {
  const cells = line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
  if (cells.length !== 3 || cells.includes(''))
    throw new Error(`read the glossary: a row has a term, a meaning and a name, and this one has not: ${line}`);
  return cells;
}

/** The words of known.txt: any number on each line; a line that begins with # is a heading. */
export function listedWords(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.match(/[a-z]+/g) ?? []);
}

/** Each unknown word once, in the order of the types. When the singular of a word is known, its plural is too, and the other way round. */
export function unknownWords(types: readonly NamedType[], known: readonly string[]): UnknownWord[] {
  const forms = new Set(known.flatMap(singulars));
  const found = new Map<string, UnknownWord>();
  for (const type of types) {
    for (const word of wordsOf(type.name))
      if (!singulars(word).some((form) => forms.has(form)) && !found.has(word)) found.set(word, { ...type, word });
  }
  return [...found.values()];
}

/** The words of the list that no type uses. */
export function unusedWords(types: readonly NamedType[], listed: readonly string[]): string[] {
  const used = new Set(types.flatMap(({ name }) => wordsOf(name)).flatMap(singulars));
  return listed.filter((word) => !used.has(word));
}

/** The word, and the words that it may be the plural of. */
function singulars(word: string): string[] {
  return [word, word.replace(/s$/, ''), word.replace(/es$/, ''), word.replace(/ies$/, 'y')];
}
