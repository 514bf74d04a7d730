import { isOneLine, oneLine, plainLines } from './text';

const esc = String.fromCharCode(0x1b);
const dangerous: [string, string][] = [
  ['an escape sequence', `${esc}[2Jgone`],
  ['a control sequence of one C1 character', 'a\u009b2Jb'],
  ['a line feed', 'a\nb'],
  ['a carriage return', 'all well\rbroken'],
  ['a backspace', 'bad\b\b\bgood'],
  ['a delete', 'a\u007fb'],
  ['a next line of C1', 'a\u0085b'],
  ['a line separator', 'a\u2028b'],
  ['a right-to-left override', 'gpj.\u202eexe'],
  ['an isolate', 'a\u2066b\u2069'],
  ['a zero-width joiner', 'sh\u200dop'],
  ['a tag character', 'a\u{e0041}b'],
  ['half a surrogate pair', 'a\ud800b'],
];

test.each(dangerous)('%s is not one line, and is shown as an escape sequence that JSON reads back', (_what, text) => {
  expect(isOneLine(text)).toBe(false);
  const shown = oneLine(text);
  expect(isOneLine(shown)).toBe(true);
  expect(JSON.parse(`"${shown}"`)).toBe(text);
});

test.each(['', 'shop', 'the kernel is 6.1.0-38-amd64', 'Größe ≤ 2 × 10', '节点', 'no 🚀'])('%j stays as it is', (text) => {
  expect([isOneLine(text), oneLine(text), plainLines(text)]).toEqual([true, text, text]);
});

test('text of several lines keeps its line feeds and tabs, and other control characters are escaped', () => {
  expect(plainLines(`a\tb\nc${esc}[31m\r`)).toBe('a\tb\nc\\u001b[31m\\u000d');
});
