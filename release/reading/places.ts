// The places a reader may be asked to explain, drawn from the project's files. Pure.

/** One place. */
export interface Place {
  /** File and line, or the commit. */
  readonly where: string;
  readonly text: string;
  /** The two lines of code that follow a comment. */
  readonly code?: string;
}

export interface SourceFile {
  /** Relative to the checkout. */
  readonly file: string;
  readonly text: string;
}

/** A line of a comment, without its marks. */
const commentLine = /^\s*(?:\/\/|\/\*\*?|\*(?!\/))\s?(.*?)(?:\*\/)?\s*$/;
const isComment = (line: string): boolean => /^\s*(?:\/\/|\/\*)/.test(line);
/** A comment behind code, in C and in TypeScript; what may be inside a string is none. */
const trailingComment = /^\s*[^\s/'"`][^'"`]*?\s(?:\/\*\s*(.+?)\s*\*\/|\/\/ (.+?))\s*$/;
/** Shorter comments are labels: there is nothing to explain. */
const leastWords = 5;
const wordsIn = (text: string): number => text.split(/\s+/).filter((word) => /[a-z]{2}/i.test(word)).length;

/** Comments of TypeScript and C, each whole. The code of a comment behind code begins with its own line. */
export function commentsOf({ file, text }: SourceFile): Place[] {
  const lines = text.split('\n');
  const places: Place[] = [];
  const add = (at: number, said: string, codeFrom: number): void => {
    if (wordsIn(said) < leastWords || said.startsWith('SPDX')) return;
    const code = lines.slice(codeFrom).filter((line) => line.trim() !== '').slice(0, 2).join('\n');
    places.push({ where: `${file}:${at + 1}`, text: said, code });
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (isComment(line)) {
      const end = commentEnd(lines, at);
      add(at, lines.slice(at, end).map((each) => commentLine.exec(each)?.[1]?.trim() ?? '').filter((each) => each !== '').join('\n'), end);
      at = end - 1;
    } else {
      const [, inC, inTypescript] = trailingComment.exec(line) ?? [];
      add(at, inC ?? inTypescript ?? '', at);
    }
  }
  return places;
}

/** The line after a comment: of a block comment after its end, of line comments after the last in a row. */
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

/** Names of tests, each after that of the `describe` that it is in. The formatter indents what is in one. */
export function testNamesOf({ file, text }: SourceFile): Place[] {
  const groups = [...text.matchAll(describeName)].map(({ index, 2: name = '' }) => ({ index, name }));
  const isInside = (index: number): boolean => /\s/.test(text[text.lastIndexOf('\n', index) + 1] ?? '');
  return [...text.matchAll(testName)].map(({ index, 2: name = '' }) => {
    const group = isInside(index) ? groups.findLast((each) => each.index < index)?.name : undefined;
    return { where: `${file}:${lineOf(text, index)}`, text: group === undefined ? name : `${group} › ${name}` };
  });
}

/** What a line of code says to people when it has one of these: an error, a log line, a text of the CLI, of the status or of a schema. */
const saysToPeople = /\bError\(|\bFailure\(|\bRefus\w*\(|\blog\b|\blog\.|\.warn\(|\bsay\w*\(|print\(|complain\(|describe\(|description\(|message|means:|remedy:|problem\(|reason:|note|option\(|addHelpText/;
const stringLiteral = /(['"`])((?:\\.|(?!\1)[^\\\n])+)\1/g;

/** Texts in the code that a user can meet; of a template the `${…}` stay as they are. */
export function messagesOf({ file, text }: SourceFile): Place[] {
  return text.split('\n').flatMap((line, n) => {
    if (/^\s*(?:\/\/|\/\*|\*)/.test(line) || /^\s*import\b/.test(line) || !saysToPeople.test(line)) return [];
    const texts = [...line.matchAll(stringLiteral)].map(({ 2: said = '' }) => said).filter((said) => wordsIn(said) >= leastWords - 1 && said.includes(' '));
    return texts.map((said) => ({ where: `${file}:${n + 1}`, text: said.replaceAll("\\'", "'") }));
  });
}

/** Paragraphs and list items of a page that people wrote; a generated page has none. */
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
