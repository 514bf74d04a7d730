import { PassThrough } from 'node:stream';
import { linesTo, progressOn } from './progress';

describe('progress', () => {
  it('is a line a change where there is no terminal', () => {
    const lines: string[] = [];
    const progress = linesTo((line) => lines.push(line));
    progress.show({ text: 'waiting', done: 0, total: 0 });
    for (const done of [1, 1, 2]) progress.show({ text: 'nodes ready', done, total: 2 });
    progress.finish();
    expect(lines).toEqual(['waiting', '1/2 nodes ready', '2/2 nodes ready']);
  });

  it('is one line that is drawn over on a terminal, and gone afterwards', () => {
    const drawn: string[] = [];
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 80, cursorTo: () => true, clearLine: () => true, moveCursor: () => true });
    terminal.on('data', (chunk: Buffer) => drawn.push(chunk.toString()));
    const progress = progressOn(terminal);
    progress.show({ text: 'nodes ready', done: 1, total: 4 });
    progress.finish();
    expect(drawn.join('')).toContain('[=====               ] 1/4 nodes ready');
    expect(drawn.join('')).not.toContain('\n');
  });

  it('draws no bar of what nobody knows the length of', () => {
    const drawn: string[] = [];
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 80, cursorTo: () => true, clearLine: () => true, moveCursor: () => true });
    terminal.on('data', (chunk: Buffer) => drawn.push(chunk.toString()));
    const progress = progressOn(terminal);
    progress.show({ text: 'waiting for the controller', done: 0, total: 0 });
    progress.note('node2 is silent');
    expect(drawn.join('')).toContain('waiting for the controller ...');
    expect(drawn.join('')).not.toMatch(/\[ *\]|0\/0|0\/1/);
    expect(drawn.at(-1)).toBe('node2 is silent\n');
  });
});
