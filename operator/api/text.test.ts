import { isOneLine, oneLine, plainLines, shortened } from './text';

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
  ['a Hangul filler', 'shop\u3164'],
  ['a Hangul filler of half width', 'shop\uffa0'],
  ['a Hangul choseong filler', 'sh\u115fop'],
  ['a blank Braille pattern', 'shop\u2800'],
  ['a combining grapheme joiner', 'sh\u034fop'],
  ['a variation selector', 'shop\ufe0f'],
  ['private use', 'a\ue000b'],
  ['private use of a further plane', 'a\u{100000}b'],
  ['a long run of combining marks', `a${'\u0301'.repeat(200)}b`],
];

test.each(dangerous)('%s is not one line, and is shown as an escape sequence that JSON reads back', (_what, text) => {
  expect(isOneLine(text)).toBe(false);
  const shown = oneLine(text);
  expect(isOneLine(shown)).toBe(true);
  expect(JSON.parse(`"${shown}"`)).toBe(text);
});

test.each(['', 'shop', 'the kernel is 6.1.0-38-amd64', 'Größe ≤ 2 × 10', '节点', 'no 🚀', 'ที่นี้', 'e\u0323\u0302\u0301'])(
  '%j stays as it is',
  (text) => {
    expect([isOneLine(text), oneLine(text), plainLines(text)]).toEqual([true, text, text]);
  },
);

test.each([
  ['stays when it is short', 'shop', 4, 'shop'],
  ['is cut, and the rest is counted', 'x'.repeat(1_000_000), 5, 'xxxxx… and 999995 more characters'],
  ['is not cut inside a character', 'ab🚀cd', 3, 'ab… and 4 more characters'],
])('text %s', (_what, text, most, expected) => {
  expect(shortened(text, most)).toBe(expected);
});

test('the check of a text takes time in proportion to its length', () => {
  // Time of the processor, because other programs may run meanwhile.
  const began = process.cpuUsage();
  oneLine('\u0301'.repeat(500_000));
  expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
});

test('text of several lines keeps its line feeds and tabs, and other control characters are escaped', () => {
  expect(plainLines(`a\tb\nc${esc}[31m\r`)).toBe('a\tb\nc\\u001b[31m\\u000d');
});
