// A reader that stalls costs little more than on TCP, and does not disturb other connections. On the real kernel; needs root.
import { Fixture } from '../../../ebpf/tests/fixture';
import { serve, talk, type Conversation } from '../../../ebpf/tests/traffic';
import { compareStalls, stallCases, stallVerdict } from './stalledReaders';

test.each(stallCases.map((stall) => [stall.readers, stall] as const))(
  "when %i readers stall, senders block as on TCP, memory stays within twice TCP's, and other connections go on",
  async (_, stall) => {
    const f = new Fixture();
    try {
      await serve(f.node, f.server, 8000);
      const others: Conversation[] = [];
      const compared = await compareStalls(f, stall, async () => {
        others.push(await talk(f.node, f.client, f.server.address, 8000));
      });
      expect(stallVerdict(compared)).toEqual([]);
      expect(others).toMatchObject([{ wrongBytes: 0, errors: [], connections: 8 }]);
    } finally {
      await f.remove();
    }
  },
);
