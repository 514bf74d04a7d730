// Programs leave messages unread on so many connections that the bound of each connection does not help: measures what one pod and five pods cost.
import type { Fixture } from '../../../../ebpf/tests/fixture';
import type { TestPod } from '../../../../ebpf/tests/pods';
import { boundsOfNode, boundsOfPod, maxConnectionsRange } from '../../../../operator/api';
import { hoardInPods } from '../../../stand/memory/hoards';
import { fivePods, inFixture } from '../../../stand/memory/inFixture';
import { unreclaimableSlab } from '../../../stand/memory/slab';
import { type Attack, type Attacker, brokenBy } from '../attack';
import { count, mib } from '../figures';

const node = boundsOfNode(maxConnectionsRange.default);
const attacker: Attacker = 'pod';
const before = 'no bound: one connection took 1.04 GiB of slab in 6 s, and 65,536 could be joined';

/**
 * @param most bytes that may count as unread
 * @param mostSlab bytes of slab that these connections may take in all: messages beyond `most` go over TCP, which takes slab too
 */
function hoardIn(podsOf: (f: Fixture) => TestPod[], most: number, mostSlab: number): Attack['run'] {
  return async () => {
    const plain = await inFixture((f) => hoardInPods(f, podsOf(f), unreclaimableSlab, false));
    const { connections, messages, slabOfMessages, unread, unreadAfter } = await inFixture((f) => hoardInPods(f, podsOf(f), unreclaimableSlab));
    return {
      cost: `${count(connections)} connections, ${count(messages)} messages of 64 bytes`,
      now: `the messages took ${mib(slabOfMessages)} MiB of slab, ${mib(plain.slabOfMessages)} MiB on plain TCP; ${mib(unread)} MiB counted as unread, and ${mib(unreadAfter)} MiB when they were gone`,
      figures: {
        connections,
        messages,
        slabMiB: mib(slabOfMessages),
        plainSlabMiB: mib(plain.slabOfMessages),
        countedMiB: mib(unread),
        countedAfterMiB: mib(unreadAfter),
      },
      broken: brokenBy(
        [unread < most / 2, `only ${mib(unread)} MiB counted: this proves nothing`],
        [slabOfMessages > mostSlab, `the messages took more slab than ${mib(mostSlab)} MiB`],
        [unread > most, `more than ${mib(most)} MiB counted`],
        [unreadAfter > 0, `${unreadAfter} bytes still counted when the programs had ended`],
      ),
    };
  };
}

export const unreadOfPod: Attack = {
  name: 'small unread messages over a thousand connections of one pod',
  attacker,
  needs: 'root',
  before,
  run: hoardIn(({ client }) => [client], boundsOfPod(node).unread, 64 * 2 ** 20),
};

export const unreadOfPods: Attack = {
  name: 'small unread messages over five thousand connections of five pods',
  attacker,
  needs: 'root',
  before,
  run: hoardIn(fivePods, node.unread, 256 * 2 ** 20),
};
