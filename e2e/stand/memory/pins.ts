// Unread messages of one byte that each hold a page fragment of 32 KiB: how many pages they hold, on the fast path and on plain TCP.
import type { Fixture } from '../../../ebpf/tests/fixture';
import { waitFor } from '../support/waitFor';
import { run } from '../../../release/tools/command';
import { hoard, type HoardCase, type HoardComparison } from './hoards';

/** The kernel takes the bytes of a thread's messages from fragments of so many bytes (net/core/sock.c, SKB_FRAG_PAGE_ORDER). */
const fragment = 32_768;
/** Messages that may lie unread at a socket on the fast path (ebpf/backlog.h). */
const mostRedirected = 96;
const pin = { messageBytes: 1, answerEvery: 0, besideBytes: fragment } as const;

/** When unread messages hold so many bytes of pages, the program stops by itself (LIMIT_PAGES of hoard.c). */
export const mostPages = 2.4e9 - 2 ** 21;

/** Until nothing more is taken, or the program stops by itself. */
export const pinsOfOne: HoardCase = { ...pin, connections: 1, mostBytes: 1_000_000 };

/** With a thousand connections these leases come to the share of a pod. */
export const pinsOfMany = (connections: number): HoardCase => ({ ...pin, connections, mostBytes: 52 });

export async function comparePins(f: Fixture, pins: HoardCase): Promise<HoardComparison> {
  const plain = await hoard(f, pins, false);
  const accelerated = await hoard(f, pins, true);
  await closed(f);
  return { ...pins, plain, accelerated };
}

/**
 * A sender whose segments were held back learns with its next retransmission that its reader has closed, and then frees what it had to send.
 * In a network namespace that is gone it would go on for minutes.
 */
async function closed({ client }: Fixture): Promise<void> {
  const closing = ['fin-wait-1', 'last-ack', 'closing'].flatMap((state) => ['state', state]);
  await waitFor('the closing sockets to be gone', async () => (await run('ip', ['netns', 'exec', client.name, 'ss', '-OHtn', ...closing])).trim() === '');
}

/** What else goes on moves the memory of a machine by so much. */
const noise = 64 << 20;

/** What is wrong with it, in words; nothing is right. */
export function pinVerdict({ connections, plain, accelerated }: HoardComparison): string[] {
  const complaints = [
    [accelerated.fastBytes === 0, 'nothing was redirected: this proves nothing'],
    [plain.pages < Math.min(plain.messages, mostRedirected * connections) * (fragment / 2), `plain TCP holds ${plain.pages} bytes: its messages share pages, and this proves nothing`],
    [accelerated.pages > 1.1 * plain.pages + noise, `${accelerated.pages} bytes are held, against ${plain.pages} on plain TCP`],
  ] as const;
  return complaints.filter(([holds]) => holds).map(([, text]) => `${connections} connections with unread bytes: ${text}`);
}
