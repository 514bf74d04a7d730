import { cleaned } from './clean';
import { paintOf, plain } from './paint';
import { linesTo } from './progress';
import { plainTable } from './table';

const colourful = paintOf({ isTTY: true }, {});

function printedBy(paint: typeof plain, say: (world: ReturnType<typeof worldOf>['world']) => void): string {
  const { world, said } = worldOf(paint);
  say(cleaned(world));
  return said.join('|');
}

function worldOf(paint: typeof plain) {
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const world = {
    cluster: () => {
      throw new Error('the test reads no cluster');
    },
    print: say,
    draw: say,
    paint,
    progress: linesTo(say),
    now: () => new Date(0),
    nextPoll: () => Promise.resolve(false),
    ended: () => Promise.resolve(),
  };
  return { world, said };
}

const attack = 'pod\u001b[2J\u001b]0;title\u0007\u009b1m\u202e\r';
const harmless = 'pod\\u001b[2J\\u001b]0;title\\u0007\\u009b1m\\u202e\\u000d';

test.each<[string, (world: ReturnType<typeof worldOf>['world']) => void]>([
  ['printed', (world) => world.print(attack)],
  ['drawn', (world) => world.draw(attack)],
  ['noted', (world) => world.progress.note(attack)],
  ['shown as progress', (world) => world.progress.show({ text: attack, done: 0, total: 0 })],
])('text that is %s has its control characters escaped', (_how, say) => {
  expect([printedBy(plain, say), printedBy(colourful, say)]).toEqual([harmless, harmless]);
});

test('accelctl’s own colours and line feeds are kept on a terminal; without colours, a colour sequence in the text is escaped', () => {
  expect(printedBy(colourful, (world) => world.print(`a\n${colourful('bad', 'no')}`))).toBe('a\n\u001b[31mno\u001b[39m');
  expect(printedBy(plain, (world) => world.print('\u001b[32mready\u001b[39m'))).toBe('\\u001b[32mready\\u001b[39m');
});

test('a colour sequence in a text of the cluster is escaped on a terminal too, and in a cell', () => {
  const green = '\u001b[32mready\u001b[39m';
  expect(printedBy(colourful, (world) => world.print(`${green} ${colourful('bad', 'no')}`))).toBe(
    '\\u001b[32mready\\u001b[39m \u001b[31mno\u001b[39m',
  );
  expect(printedBy(colourful, (world) => world.print(plainTable(['POD'], [[green]])))).toBe('POD\n\\u001b[32mready\\u001b[39m');
});

test('a line feed inside a cell is escaped and starts no new row', () => {
  const table = plainTable(['POD', 'STATE'], [['cart\nevil', colourful('good', 'Accelerated')]]);
  expect(printedBy(colourful, (world) => world.print(table))).toBe('POD             STATE\ncart\\u000aevil  \u001b[32mAccelerated\u001b[39m');
});
