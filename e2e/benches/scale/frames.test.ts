import fc from 'fast-check';
import { frame, FrameReader } from './frames';

it('reads the same messages however the stream is cut into pieces', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20, size: 'max' });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sent, cuts) => {
      const read: Buffer[] = [];
      const reader = new FrameReader((message) => read.push(Buffer.from(message)));
      const bytes = Buffer.concat(sent.map((message) => frame(Buffer.from(message))));
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const length = cuts[turn % cuts.length] ?? 1;
        reader.read(bytes.subarray(at, at + length));
        at += length;
      }
      expect(read).toEqual(sent.map((message) => Buffer.from(message)));
    }),
  );
});
