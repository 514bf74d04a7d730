import { createLog } from './log';

/** The stream of Node's console, to which winston's console transport writes (console._stdout). */
const { _stdout: stream } = console as unknown as { readonly _stdout: { write(text: string): boolean } };

afterEach(() => jest.restoreAllMocks());

test('a log entry is one line of printable ASCII, and parsing its JSON gives the original text', () => {
  const text = 'kernel 6.1\u001b[2J\u009b31m\n{"level":"info"}\u202e\u007f';
  const write = jest.spyOn(stream, 'write').mockReturnValue(true);
  createLog('info', { pod: 'a\u0085b' }).info(text, { reason: 'x\u2028y' });
  const [[line] = ['']] = write.mock.calls;
  expect(line).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(line)).toMatchObject({ level: 'info', message: text, pod: 'a\u0085b', reason: 'x\u2028y' });
});
