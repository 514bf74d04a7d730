// A program leaves single bytes unread, each of which keeps a page fragment of 32 KiB allocated, and reads all others.
import type { HoardComparison } from '../../../stand/memory/hoards';
import { inFixture } from '../../../stand/memory/inFixture';
import { comparePins, mostPages, pinsOfMany, pinsOfOne, pinVerdict } from '../../../stand/memory/pins';
import type { Attack } from '../attack';
import { count, mib } from '../figures';

/** Why the sending ended, in words: the program stopped by itself, or the kernel took no more bytes. */
const ending = ({ plain, accelerated }: HoardComparison): string => {
  const itself = [accelerated, plain].filter(({ pages }) => pages >= mostPages).length;
  return ['after which neither took more', 'after which one took no more', 'at which the program stopped both'][itself] ?? '';
};

export const pinnedPages: Attack = {
  name: 'unread messages of one byte that each hold a page of 32 KiB',
  attacker: 'pod',
  needs: 'root',
  before: 'not measured; one connection could leave 1,065,487 messages unread on the fast path',
  run: async (_stage, size) => {
    const many = await inFixture((f) => comparePins(f, pinsOfMany(size === 'full' ? 1000 : 100)));
    const one = size === 'full' ? await inFixture((f) => comparePins(f, pinsOfOne)) : undefined;
    const held = ({ plain, accelerated }: typeof many): string => `${mib(accelerated.pages)} MiB, ${mib(plain.pages)} MiB on plain TCP`;
    return {
      cost: `${count(many.connections)} connections of one pod with itself, with ${pinsOfMany(1).mostBytes} unread bytes each${one === undefined ? '' : '; or one connection'}`,
      now: [
        `${count(many.accelerated.messages)} bytes of ${count(many.connections)} connections held ${held(many)}`,
        ...(one === undefined ? [] : [`${count(one.accelerated.messages)} bytes of one connection held ${held(one)}, ${ending(one)}`]),
      ].join('; '),
      figures: {
        connections: many.connections,
        messages: many.accelerated.messages,
        heldMiB: mib(many.accelerated.pages),
        plainHeldMiB: mib(many.plain.pages),
        ...(one === undefined
          ? {}
          : {
              messagesOfOne: one.accelerated.messages,
              heldByOneMiB: mib(one.accelerated.pages),
              plainMessagesOfOne: one.plain.messages,
              plainHeldByOneMiB: mib(one.plain.pages),
            }),
      },
      broken: [many, ...(one === undefined ? [] : [one])].flatMap(pinVerdict),
    };
  },
};
