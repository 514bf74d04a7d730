// Unread messages of one byte, each of which keeps a page fragment of 32 KiB allocated: how many bytes of pages they keep, redirected and on plain TCP.
import type { Fixture } from '../../../ebpf/tests/fixture';
import { waitFor } from '../support/waitFor';
import { run } from '../../../release/tools/command';
import { hoard, type HoardCase, type HoardComparison } from './hoards';

/** The kernel copies the messages that a thread sends into page fragments of so many bytes (net/core/sock.c, SKB_FRAG_PAGE_ORDER). */
const fragment = 32_768;
/** Messages that may lie unread at a socket on the fast path (ebpf/backlog.h). */
const mostRedirected = 96;
const pin = { messageBytes: 1, answerEvery: 0, besideBytes: fragment } as const;

/** When unread messages keep so many bytes of pages, the load program stops by itself (LIMIT_PAGES of hoard.c). */
export const mostPages = 2.4e9 - 2 ** 21;

/** One connection, filled until the kernel takes no more or the program stops by itself. */
export const pinsOfOne: HoardCase = { ...pin, connections: 1, mostBytes: 1_000_000 };

/** Many connections. The leases of a thousand come to the share of a pod. */
export const pinsOfMany = (connections: number): HoardCase => ({ ...pin, connections, mostBytes: 52 });

export async function comparePins(f: Fixture, pins: HoardCase): Promise<HoardComparison> {
  const plain = await hoard(f, pins, false);
  const accelerated = await hoard(f, pins, true);
  await closed(f);
  return { ...pins, plain, accelerated };
}

/**
 * Waits for sockets that are closing. A sender whose segments were held learns with its next retransmission that its reader has closed, and then
 * frees its send queue. If its network namespace were removed before, it would retransmit for minutes.
 */
async function closed({ client }: Fixture): Promise<void> {
  const closing = ['fin-wait-1', 'last-ack', 'closing'].flatMap((state) => ['state', state]);
  await waitFor(
    'the closing sockets to be gone',
    async () => (await run('ip', ['netns', 'exec', client.name, 'ss', '-OHtn', ...closing])).trim() === '',
  );
}

/** Bytes by which the pages of a machine change because of other programs. */
const noise = 64 << 20;

/** What is wrong with a comparison, in words; empty when it is right. */
export function pinVerdict({ connections, plain, accelerated }: HoardComparison): string[] {
  const complaints = [
    [accelerated.fastBytes === 0, 'nothing was redirected: this proves nothing'],
    [
      plain.pages < Math.min(plain.messages, mostRedirected * connections) * (fragment / 2),
      `plain TCP holds ${plain.pages} bytes: its messages share pages, and this proves nothing`,
    ],
    [accelerated.pages > 1.1 * plain.pages + noise, `${accelerated.pages} bytes are held, against ${plain.pages} on plain TCP`],
  ] as const;
  return complaints.filter(([holds]) => holds).map(([, text]) => `${connections} connections with unread bytes: ${text}`);
}
