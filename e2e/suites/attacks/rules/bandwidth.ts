// A pod whose bandwidth is limited by a queue of packets between pod and node: redirected bytes would not pass through that queue.
import { type Fixture, selected, settings } from '../../../../ebpf/tests/fixture';
import { bandwidthAnnotation } from '../../../../operator/api';
import { inFixture } from '../../../stand/memory/inFixture';
import { Load } from '../../../stand/memory/load';
import { type Attack, brokenBy } from '../attack';
import { count } from '../figures';

const annotations = { 'kubernetes.io/egress-bandwidth': '1M' };
const [connections, bytes, port] = [4, 1000, 8000];
/** The queue that bandwidth plug-ins set up. */
const queue = ['rate', '1mbit', 'burst', '16kb', 'latency', '300ms'];

interface Sent {
  readonly bytes: number;
  /** The pod's connection ends with the reason BandwidthLimited. */
  readonly limited: number;
}

export const bandwidth: Attack = {
  name: 'a pod that sends more than its annotation kubernetes.io/egress-bandwidth allows',
  attacker: 'pod',
  needs: 'root',
  before: 'at 1 Mbit/s it sent 0.59 MB on plain TCP and 255 MB accelerated',
  run: async (_stage, size) => {
    const seconds = size === 'full' ? 5 : 2;
    const plain = await inFixture((f) => send(f, 'Off', seconds));
    const accelerated = await inFixture((f) => send(f, 'Accelerate', seconds));
    const kb = (n: number): number => Math.round(n / 1000);
    return {
      cost: `${connections} connections with another pod, ${seconds} s`,
      now: `it sent ${count(kb(accelerated.bytes))} kB, and ${count(kb(plain.bytes))} kB on plain TCP; ${accelerated.limited} of its ${connections} connections say BandwidthLimited`,
      figures: { seconds, sentKB: kb(accelerated.bytes), plainKB: kb(plain.bytes), connections, limited: accelerated.limited },
      broken: brokenBy(
        [plain.bytes === 0, 'nothing was sent on plain TCP: this proves nothing'],
        [accelerated.bytes > 1.3 * plain.bytes, 'it sent more than on plain TCP'],
        [accelerated.limited < connections, 'a connection does not say why it is on TCP'],
      ),
    };
  },
};

async function send(f: Fixture, mode: 'Off' | 'Accelerate', seconds: number): Promise<Sent> {
  f.node.exec(f.client, 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', ...queue);
  f.datapath.configure({ ...settings, mode });
  f.datapath.select([{ ...selected(f.client, 'front'), shaped: bandwidthAnnotation(annotations) !== undefined }, selected(f.server, 'back')], []);
  const address = `${f.server.address}:${port}`;
  const server = await Load.start(f.node, f.server, 'serve', address, bytes, 0, 'stay');
  try {
    const client = await Load.start(f.node, f.client, 'turns', address, connections, bytes, 0);
    try {
      const { requests = 0 } = await client.slice(seconds);
      return { bytes: requests * bytes, limited: mode === 'Off' ? 0 : (f.counters('front').reasons.get('BandwidthLimited') ?? 0) };
    } finally {
      await client.stop();
    }
  } finally {
    await server.stop();
  }
}
