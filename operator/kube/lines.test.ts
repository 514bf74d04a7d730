import fc from 'fast-check';
import { linesOf } from './lines';

async function* chunked(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const cut of [...cuts.map((each) => each % (bytes.length + 1)).sort((one, other) => one - other), bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

describe('lines', () => {
  it('are complete wherever chunks are cut, also inside a character', async () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
        const seen = await Array.fromAsync(linesOf(chunked(bytes, cuts)));
        expect(seen).toEqual(lines.filter((each) => each !== '').map((each) => Buffer.from(each).toString()));
      }),
    );
  });

  it('do not include an unfinished line at the end', async () => {
    expect(await Array.fromAsync(linesOf(chunked(Buffer.from('whole\nhal'), [3])))).toEqual(['whole']);
  });

  it('have a longest length', async () => {
    const endless = (async function* (): AsyncGenerator<Buffer> {
      for (;;) yield Buffer.alloc(8 * 1024 * 1024, 'x');
    })();
    await expect(Array.fromAsync(linesOf(endless))).rejects.toThrow('a line has more than');
  });
});
