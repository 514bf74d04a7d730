import { PassThrough } from 'node:stream';
import { linesTo, progressOn } from './progress';

describe('progress', () => {
  it('is one line for each change when the stream is no terminal', () => {
    const lines: string[] = [];
    const progress = linesTo((line) => lines.push(line));
    progress.show({ text: 'waiting', done: 0, total: 0 });
    for (const done of [1, 1, 2]) progress.show({ text: 'nodes ready', done, total: 2 });
    progress.finish();
    expect(lines).toEqual(['waiting', '1/2 nodes ready', '2/2 nodes ready']);
  });

  it('is one bar that is redrawn on a terminal', () => {
    const drawn: string[] = [];
    const terminal = Object.assign(new PassThrough(), {
      isTTY: true,
      columns: 80,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
    });
    terminal.on('data', (chunk: Buffer) => drawn.push(chunk.toString()));
    const progress = progressOn(terminal);
    progress.show({ text: 'nodes ready', done: 1, total: 4 });
    progress.finish();
    expect(drawn.join('')).toContain('[=====               ] 1/4 nodes ready');
    expect(drawn.join('')).not.toContain('\n');
  });

  it('draws no bar while the total is unknown', () => {
    const drawn: string[] = [];
    const terminal = Object.assign(new PassThrough(), {
      isTTY: true,
      columns: 80,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
    });
    terminal.on('data', (chunk: Buffer) => drawn.push(chunk.toString()));
    const progress = progressOn(terminal);
    progress.show({ text: 'waiting for the controller', done: 0, total: 0 });
    progress.note('no data from node2');
    expect(drawn.join('')).toContain('waiting for the controller ...');
    expect(drawn.join('')).not.toMatch(/\[ *\]|0\/0|0\/1/);
    expect(drawn.at(-1)).toBe('no data from node2\n');
  });
});
