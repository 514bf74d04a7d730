import { glossaryWords, listedWords, rowsOf, typesOfC, typesOfTypescript, unknownWords, unusedWords, wordsOf } from './glossary';

const table = (...rows: string[]): string => ['| term | meaning | kernel name |', '|---|---|---|', ...rows, ''].join('\n');
const type = (name: string) => ({ file: 'a.h', name });

describe('the words of a name', () => {
  it.each([
    ['BpfMap', ['bpf', 'map']],
    ['TCPPair', ['tcp', 'pair']],
    ['socket_address_v4', ['socket', 'address']],
    ['lease', ['lease']],
  ])('of %s are %j', (name, words) => {
    expect(wordsOf(name)).toEqual(words);
  });
});

describe('the types that are checked', () => {
  it('are the structs, unions and enums that a C file defines', () => {
    const text = 'struct lease {\n\tstruct debt owed;\n};\nenum gate {\n};\nstruct declared;\nstatic struct lease *find(void)\n{\n}\n';
    expect(typesOfC('a.h', text)).toEqual([type('lease'), type('gate')]);
  });

  it('are not the types of the kernel', () => {
    const text =
      '#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\nstruct sock {\n};\n#pragma clang attribute pop\nstruct lease {\n};\n';
    expect(typesOfC('a.h', text)).toEqual([type('lease')]);
  });

  it('are the interfaces, types, classes and enums that a TypeScript file exports', () => {
    const text =
      "export interface Lease {}\nexport type Gate = 'Open';\nexport abstract class Shares {}\nclass Hidden {}\nexport type { Order } from './order';\nexport const debt = 1;\n";
    expect(typesOfTypescript('a.ts', text).map(({ name }) => name)).toEqual(['Lease', 'Gate', 'Shares']);
  });
});

describe('the glossary', () => {
  it('knows every word of its terms', () => {
    expect(glossaryWords(table('| pending connect | What it leaves. | – |', '| gate, verdict | A check. | `SK_PASS` |'))).toEqual([
      'pending',
      'connect',
      'gate',
      'verdict',
    ]);
  });

  it('takes no word from another table', () => {
    expect(glossaryWords(`| field | meaning |\n|---|---|\n| spec | what is wanted |\n\n${table('| lease | Bytes. | – |')}`)).toEqual(['lease']);
  });

  it('refuses a row without three cells', () => {
    expect(() => rowsOf(table('| lease | Bytes. |'))).toThrow('this one has not: | lease | Bytes. |');
  });
});

describe('the check', () => {
  it('finds a word once, with the first type that uses it', () => {
    expect(unknownWords([type('joint_row'), type('joint')], ['row'])).toEqual([{ ...type('joint_row'), word: 'joint' }]);
  });

  it.each([
    ['shares', 'share'],
    ['addresses', 'address'],
    ['histories', 'history'],
    ['trait', 'traits'],
  ])('knows %s where %s is known', (word, known) => {
    expect(unknownWords([type(word)], [known])).toEqual([]);
  });

  it('reads its list without the headings', () => {
    expect(listedWords('# The kernel\nmap program\n\n# Tests\nfake\n')).toEqual(['map', 'program', 'fake']);
  });

  it('finds a listed word that no type uses any more', () => {
    expect(unusedWords([type('maps')], ['map', 'joint'])).toEqual(['joint']);
  });
});
