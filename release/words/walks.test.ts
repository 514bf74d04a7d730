// Every step in docs/walks.md names a file and functions; checks that they exist.
import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';

const checkout = join(__dirname, '..', '..');
const page = readFileSync(join(checkout, 'docs/walks.md'), 'utf8');
const isStep = (line: string): boolean => /^\| \d+ \|/.test(line);

/** The files that the last cell of each step links to, and the names in code after the link. */
const places = page
  .split('\n')
  .filter(isStep)
  .flatMap((line) => {
    const where = line.split(' | ').at(-1) ?? '';
    return [...where.matchAll(/\]\(([^)]+)\)([^\]]*)/g)].map(([, target = '', rest = '']) => ({
      file: normalize(join('docs', target)),
      names: [...rest.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) => name.split('.')),
    }));
  });

describe('a step of a walk', () => {
  it('has a file', () => {
    expect(
      page
        .split('\n')
        .filter(isStep)
        .filter((line) => !line.includes('](')),
    ).toEqual([]);
  });

  it.each(places.map(({ file, names }) => [file, names] as const))('names the file %s, which has %j', (file, names) => {
    expect([file, existsSync(join(checkout, file))]).toEqual([file, true]);
    const text = readFileSync(join(checkout, file), 'utf8');
    expect([file, names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))]).toEqual([file, []]);
  });
});

describe('a drawing', () => {
  const drawings = [...page.matchAll(/^```mermaid\n([^]*?)^```$/gm)].map(([, drawing = '']) => drawing);
  const drawn = new Set(drawings.flatMap((drawing) => [...drawing.matchAll(/[\w./-]+\.(?:ts|h|bpf\.c)\b/g)].map(([file]) => file)));

  it.each([...drawn])('names the file %s, which a step names too', (file) => {
    const named = [...places.map((place) => place.file), 'operator/agent/datapath/libbpf.ts'];
    expect(named.some((each) => each === file || each.endsWith(`/${file}`))).toBe(true);
  });
});
