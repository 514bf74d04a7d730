// A pod opens more connections to itself than the datapath joins for one pod, a quarter of spec.connections.max. Then another pod opens connections
// to itself, which must all be joined.
import { type Fixture, selected, settings, until } from '../../../../ebpf/tests/fixture';
import { boundsOfNode, boundsOfPod, maxConnectionsRange, spillBytesRange } from '../../../../operator/api';
import { inFixture } from '../../../stand/memory/inFixture';
import { Load } from '../../../stand/memory/load';
import { type Attack, brokenBy } from '../attack';
import { count } from '../figures';

const max = maxConnectionsRange.default;
/** The most connection ends of one pod that the datapath may join. */
const ofPod = boundsOfPod(boundsOfNode(max)).sockets;
const [greedy, modest] = [20_000, 1000];

export const joinedConnections: Attack = {
  name: 'more connections of one pod than it may have joined',
  attacker: 'pod',
  needs: 'root',
  before: 'one pod could have all of connections.max; those of others stayed on TCP for as long as it liked',
  run: () =>
    inFixture(async (f) => {
      f.datapath.configure({ ...settings, maxConnections: max, spillBytes: spillBytesRange.default });
      f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
      const loads: Load[] = [];
      try {
        loads.push(await Load.start(f.node, f.client, 'idle', '127.0.0.1:7000', greedy, 0, 1));
        loads.push(await Load.start(f.node, f.server, 'idle', '127.0.0.1:7000', modest, 0, 1));
        await until('the other pod has joined its own', () => joinedOf(f, 'back') === modest).catch(() => undefined);
        const [own, others] = [joinedOf(f, 'front'), joinedOf(f, 'back')];
        return {
          cost: `${count(greedy)} connections of one pod with itself`,
          now: `${count(own)} of them are joined, of ${count(max)} that the node may have; another pod joined ${count(others)} of ${count(modest)} after it`,
          figures: { connections: greedy, joined: own, max, othersConnections: modest, othersJoined: others },
          broken: brokenBy(
            [own > ofPod / 2, `more than ${count(ofPod / 2)} were joined`],
            [own < ofPod / 4, 'too few were joined: this proves nothing'],
            [others < modest, 'another pod found no place'],
          ),
        };
      } finally {
        for (const load of loads) await load.stop();
      }
    }),
};

/** Joined connections of a namespace; both ends of each are in its pod. */
function joinedOf(f: Fixture, namespace: string): number {
  return f.counters(namespace).accelerated / 2;
}
