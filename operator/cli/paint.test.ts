import { paintOf, shownColours } from './paint';

const terminal = { isTTY: true };

describe('colours', () => {
  it('are used on a terminal', () => {
    const shown = (text: string): string => shownColours(text, (part) => part);
    expect(shown(paintOf(terminal, {})('bad', 'no'))).toBe('\u001b[31mno\u001b[39m');
    expect(shown(paintOf(terminal, { NO_COLOR: '' })('good', 'yes'))).toContain('\u001b[32m');
  });

  it.each([
    ['when the output is no terminal', {}, {}],
    ['when NO_COLOR is set', terminal, { NO_COLOR: '1' }],
    ['on a dumb terminal', terminal, { TERM: 'dumb' }],
  ])('are left out %s', (_where, stream, environment) => {
    expect(paintOf(stream, environment)('bad', 'no')).toBe('no');
  });
});
