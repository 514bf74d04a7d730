import { errorMessage } from './errorMessage';

test.each([
  ['an Error', new Error('no route to host'), 'no route to host'],
  ['an Error of another class', new TypeError('not a function'), 'not a function'],
  ['a string', 'refused', 'refused'],
  ['undefined', undefined, 'undefined'],
])('%s becomes its text', (_what, thrown, expected) => {
  expect(errorMessage(thrown)).toBe(expected);
});
