// Very many short connections, after which the maps must be as empty as before.
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';
import type { DatapathSnapshot } from '../../../operator/agent/datapath';
import { waitFor } from '../../stand/support/waitFor';
import { entriesHeld } from './held';
import { Load } from '../../stand/memory/load';

export interface BriefResult {
  readonly connections: number;
  readonly seconds: number;
  /** Joined connection ends, added up over the snapshots of the run. */
  readonly joinedSeen: number;
  /** Entries by map that are left, and connection ends that still count as joined or open; must be empty. */
  readonly left: Readonly<Record<string, number>>;
  readonly unseen: number;
}

const port = 8000;
/** After so many turns the datapath finds connections to a destination worth joining. */
const requests = 4;
const bytes = 128;

/** Opens and closes connections between two pods and inside one pod at the same time, and scans as an agent does. */
export async function manyBrief(f: Fixture, wanted: number, say: (connections: number) => void): Promise<BriefResult> {
  f.datapath.configure({ ...settings, learn: true, maxConnections: 10_000 });
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
  const loads: Load[] = [];
  const start = async (...words: Parameters<typeof Load.start>): Promise<Load> => {
    const load = await Load.start(...words);
    loads.push(load);
    return load;
  };
  try {
    const clients: Load[] = [];
    for (const [i, pod] of [f.client, f.server].entries()) {
      const address = `${f.server.address}:${port + i}`;
      await start(f.node, f.server, 'serve', address, bytes, requests, 'close');
      clients.push(await start(f.node, pod, 'brief', address, requests, bytes));
    }
    const counts = await openAndClose(f, clients, wanted, say);
    for (const load of loads) await load.stop();
    return { ...counts, left: await left(f), unseen: unseenOf(f.datapath.snapshot()) };
  } finally {
    for (const load of loads) await load.stop();
  }
}

async function openAndClose(
  f: Fixture,
  clients: readonly Load[],
  wanted: number,
  say: (connections: number) => void,
): Promise<Pick<BriefResult, 'connections' | 'seconds' | 'joinedSeen'>> {
  const began = Date.now();
  let [connections, joinedSeen] = [0, 0];
  while (connections < wanted) {
    const slices = clients.map((client) => client.slice(1));
    f.datapath.scan();
    joinedSeen += f.datapath.snapshot().joinedSockets;
    for (const each of await Promise.all(slices)) connections += each['connections'] ?? 0;
    say(connections);
  }
  return { connections, seconds: (Date.now() - began) / 1000, joinedSeen };
}

/** What the datapath still holds after some seconds. */
async function left(f: Fixture): Promise<Record<string, number>> {
  const look = async (): Promise<Record<string, number>> => {
    const { joinedSockets, namespaces } = f.datapath.snapshot();
    const counted = { joinedSockets, open: namespaces.reduce((sum, { open }) => sum + open, 0) };
    return { ...(await entriesHeld(f.pins)), ...Object.fromEntries(Object.entries(counted).filter(([, n]) => n > 0)) };
  };
  await waitFor('the maps to be empty', async () => Object.keys(await look()).length === 0, { timeoutMs: 10_000 }).catch(() => undefined);
  return look();
}

function unseenOf({ namespaces }: DatapathSnapshot): number {
  return namespaces.reduce((sum, { unseen }) => sum + Number(unseen), 0);
}
