import { CountedLog } from './countedLog';

let said: string[];
let log: CountedLog;
beforeEach(() => {
  jest.useFakeTimers();
  said = [];
  log = new CountedLog({ say: (line) => said.push(line), everyMs: 1000, most: 2 });
});
afterEach(() => jest.useRealTimers());

test('the first line of a kind is logged at once, and the following ones as one line with their number', () => {
  for (let each = 1; each <= 100; each += 1) log.tell('a', `refused ${each}`);
  expect(said).toEqual(['refused 1']);
  jest.advanceTimersByTime(1000);
  expect(said).toEqual(['refused 1', 'refused 100; 99 more like it since the last log line']);
  jest.advanceTimersByTime(1000); // without a further line the kind is dropped
  log.tell('a', 'again');
  expect(said.at(-1)).toBe('again');
});

test('lines of different kinds are counted apart, up to the number of kinds', () => {
  for (const kind of ['a', 'b', 'c', 'd', 'e']) log.tell(kind, kind);
  expect(said).toEqual(['a', 'b', 'c']);
  log.end();
  expect(said.slice(3)).toEqual(['e; 2 more like it since the last log line']);
});
