// Finds the places in the project's files that a reader may be asked to explain. Pure.

/** A comment, a test's name, a message, a paragraph or a commit's subject. */
export interface Place {
  /** The file and line, or the commit. */
  readonly where: string;
  readonly text: string;
  /** The two lines of code that follow a comment. */
  readonly code?: string;
}

export interface SourceFile {
  /** The path relative to the checkout. */
  readonly file: string;
  readonly text: string;
}

/** Matches a line of a comment; the group is its text without comment marks. */
const commentLine = /^\s*(?:\/\/|\/\*\*?|\*(?!\/))\s?(.*?)(?:\*\/)?\s*$/;
const isComment = (line: string): boolean => /^\s*(?:\/\/|\/\*)/.test(line);
/** Matches a comment behind code, in C or in TypeScript. Lines with quotes before the comment do not match, as it may be inside a string. */
const trailingComment = /^\s*[^\s/'"`][^'"`]*?\s(?:\/\*\s*(.+?)\s*\*\/|\/\/ (.+?))\s*$/;
/** Comments with fewer words are labels, which need no explanation. */
const leastWords = 5;
const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => /[a-z]{2}/i.test(word)).length;

/** The comments of a TypeScript or C file. A comment of several lines is one place. For a comment behind code, `code` begins with its own line. */
export function commentsOf({ file, text }: SourceFile): Place[] {
  const lines = text.split('\n');
  const places: Place[] = [];
  const add = (at: number, said: string, codeFrom: number): void => {
    if (wordsIn(said) < leastWords || said.startsWith('SPDX')) return;
    const code = lines
      .slice(codeFrom)
      .filter((line) => line.trim() !== '')
      .slice(0, 2)
      .join('\n');
    places.push({ where: `${file}:${at + 1}`, text: said, code });
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (isComment(line)) {
      const end = commentEnd(lines, at);
      add(
        at,
        lines
          .slice(at, end)
          .map((each) => commentLine.exec(each)?.[1]?.trim() ?? '')
          .filter((each) => each !== '')
          .join('\n'),
        end,
      );
      at = end - 1;
    } else {
      const [, inC, inTypescript] = trailingComment.exec(line) ?? [];
      add(at, inC ?? inTypescript ?? '', at);
    }
  }
  return places;
}

/** The index of the line after a comment: after the end of a block comment, or after the last of several // lines in a row. */
function commentEnd(lines: readonly string[], begin: number): number {
  let end = begin;
  if ((lines[begin] ?? '').trim().startsWith('//')) {
    while ((lines[end] ?? '').trim().startsWith('//')) end += 1;
    return end;
  }
  while (end < lines.length && !(lines[end] ?? '').includes('*/')) end += 1;
  return end + 1;
}

const testName = /(?<![.\w])(?:it|test)(?:\.each(?:\([^]*?\)|`[^]*?`)|\.failing)?\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])+)\1/g;
const describeName = /(?<![.\w])describe(?:\.each\([^]*?\))?\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])+)\1/g;

/** The names of a file's tests, each after the name of the `describe` that it is in. A test in a `describe` is indented. */
export function testNamesOf({ file, text }: SourceFile): Place[] {
  const groups = [...text.matchAll(describeName)].map(({ index, 2: name = '' }) => ({ index, name }));
  const isInside = (index: number): boolean => /\s/.test(text[text.lastIndexOf('\n', index) + 1] ?? '');
  return [...text.matchAll(testName)].map(({ index, 2: name = '' }) => {
    const group = isInside(index) ? groups.findLast((each) => each.index < index)?.name : undefined;
    return { where: `${file}:${lineOf(text, index)}`, text: group === undefined ? name : `${group} › ${name}` };
  });
}

/** Marks of a line of code whose texts a user may read: an error, a log line, a text of the CLI, the status or a schema. */
const saysToPeople =
  /\bError\(|\bFailure\(|\bRefus\w*\(|\blog\b|\blog\.|\.warn\(|\bsay\w*\(|print\(|complain\(|describe\(|description\(|message|means:|remedy:|problem\(|reason:|note|option\(|addHelpText/;
const stringLiteral = /(['"`])((?:\\.|(?!\1)[^\\\n])+)\1/g;

/** The texts of a file that a user may read; a template keeps its `${…}`. */
export function messagesOf({ file, text }: SourceFile): Place[] {
  return text.split('\n').flatMap((line, n) => {
    if (/^\s*(?:\/\/|\/\*|\*)/.test(line) || /^\s*import\b/.test(line) || !saysToPeople.test(line)) return [];
    const texts = [...line.matchAll(stringLiteral)]
      .map(({ 2: said = '' }) => said)
      .filter((said) => wordsIn(said) >= leastWords - 1 && said.includes(' '));
    return texts.map((said) => ({ where: `${file}:${n + 1}`, text: said.replaceAll("\\'", "'") }));
  });
}

/** The paragraphs and list items of a page; none of a generated page. */
export function paragraphsOf({ file, text }: SourceFile): Place[] {
  if (/(Generated|Written) (by|from)/.test(text.split('\n').slice(0, 3).join(' '))) return [];
  const places: Place[] = [];
  const without = text.replaceAll(/^```[^]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ''));
  let [said, begin]: [string[], number] = [[], 0];
  const finish = (): void => {
    const whole = said.join('\n');
    if (wordsIn(whole) >= 2 * leastWords) places.push({ where: `${file}:${begin + 1}`, text: whole });
    said = [];
  };
  without.split('\n').forEach((line, n) => {
    const startsItem = /^\s*(?:[-*]|\d+\.) /.test(line);
    if (line.trim() === '' || startsItem || /^(#|\||<|!\[|\[[^\]]+\]: )/.test(line)) finish();
    if (line.trim() === '' || /^(#|\||<|!\[|\[[^\]]+\]: )/.test(line)) return;
    if (said.length === 0) begin = n;
    said.push(line);
  });
  finish();
  return places;
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
