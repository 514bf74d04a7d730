import { countWarnings } from './warnings';

const before = process.listeners('warning');
afterEach(() => {
  process.removeAllListeners('warning');
  for (const each of before) process.on('warning', each);
});

test('warnings of one name are said once a minute, and Node itself prints none', () => {
  const said: string[] = [];
  countWarnings((line) => said.push(line));
  expect(process.listenerCount('warning')).toBe(1);
  for (let each = 0; each < 100; each += 1) process.emit('warning', Object.assign(new Error('too many of them'), { name: 'TestWarning' }));
  expect(said).toEqual(['warning of Node: TestWarning: too many of them']);
});
