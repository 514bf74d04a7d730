import { createLog } from './log';

test('a line of the log is one line without anything a terminal would obey, and still says what was said', () => {
  const text = 'kernel 6.1\u001b[2J\u009b31m\n{"level":"info"}\u202e\u007f';
  const written: string[] = [];
  // Winston writes by the console where there is one without a stream, as under jest.
  jest.spyOn(console, 'log').mockImplementation((line) => void written.push(String(line)));
  createLog('info', { pod: 'a\u0085b' }).info(text, { reason: 'x\u2028y' });
  jest.restoreAllMocks();
  expect(written.join('')).toMatch(/^[ -~]+$/);
  expect(JSON.parse(written.join(''))).toMatchObject({ level: 'info', message: text, pod: 'a\u0085b', reason: 'x\u2028y' });
});
