// A program sends itself messages of various sizes and reads none: measures the slab that they cost, against plain TCP.
import { boundsOfNode, boundsOfPod, maxConnectionsRange } from '../../../../operator/api';
import { compareHoards, hoardCases, type HoardComparison, hoardVerdict } from '../../../stand/memory/hoards';
import { inFixture } from '../../../stand/memory/inFixture';
import type { Attack } from '../attack';
import { count, mib } from '../figures';

const ofPod = boundsOfPod(boundsOfNode(maxConnectionsRange.default)).unread;

export const unreadMessages: Attack = {
  name: 'messages of 1 byte to 64 KiB that their program does not read',
  attacker: 'pod',
  needs: 'root',
  before: '1,065,487 messages of one connection took 1.04 GiB of slab in 6 s; the memory cgroup of the pod, with a limit of 64 MiB, showed 256 KiB',
  run: async (_stage, size) => {
    const compared: HoardComparison[] = [];
    for (const each of size === 'full' ? hoardCases : hoardCases.slice(0, 1)) compared.push(await inFixture((f) => compareHoards(f, each)));
    const messages = compared.reduce((sum, { accelerated }) => sum + accelerated.messages, 0);
    return {
      cost: `${compared.map(({ connections }) => connections).join(', ')} connections of one pod with itself, ${count(messages)} messages`,
      now: `slab grew by ${compared.map((each) => `${mib(each.accelerated.slab)} MiB (${sizeOf(each)}; plain TCP ${mib(each.plain.slab)})`).join(', ')}`,
      figures: Object.fromEntries(
        compared.flatMap(({ messageBytes, plain, accelerated }) => [
          [`slabMiBOf${messageBytes}Bytes`, mib(accelerated.slab)],
          [`plainSlabMiBOf${messageBytes}Bytes`, mib(plain.slab)],
        ]),
      ),
      broken: compared.flatMap((each) => [
        ...hoardVerdict(each),
        ...(each.accelerated.slab > ofPod ? [`messages of ${each.messageBytes} bytes took more than ${mib(ofPod)} MiB of slab`] : []),
      ]),
    };
  },
};

function sizeOf({ messageBytes, answerEvery }: HoardComparison): string {
  return answerEvery === 0 ? `messages of ${count(messageBytes)} bytes` : `1 byte, with an answer every ${answerEvery}`;
}
