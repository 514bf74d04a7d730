import { errorLine, errorMessage } from './errorMessage';

test.each([
  ['an Error', new Error('no route to host'), 'no route to host'],
  ['an Error of another class', new TypeError('not a function'), 'not a function'],
  ['an object with a message', { message: 'from another realm' }, 'from another realm'],
  ['a string', 'refused', 'refused'],
  ['undefined', undefined, 'undefined'],
])('%s becomes its message', (_what, thrown, expected) => {
  expect(errorMessage(thrown)).toBe(expected);
});

test('a message of several lines becomes one line', () => {
  expect(errorLine(new Error('first\n  second\t third '))).toBe('first second third');
});
