// 50,000 short connections leave nothing behind; `make test-bounds` opens a million. Needs root.
import { Fixture } from '../../../ebpf/tests/fixture';
import { manyBrief } from './brief';

test('after 50,000 short connections every map is empty again', async () => {
  const f = new Fixture();
  try {
    const result = await manyBrief(f, 50_000, () => undefined);
    expect(result).toMatchObject({ left: {}, unseen: 0 });
    expect(result.joinedSeen).toBeGreaterThan(0);
  } finally {
    await f.remove();
  }
});
