// Takes the leader away again and again, in three ways, and measures how long until another does its work.
import { waitFor } from '../../stand/support/waitFor';
import { Controllers, type Member } from './controllers';
import type { Failover, Failovers } from './results';
import { writesOf } from './strayWrites';

const controllerCount = 3;
/** A stopped leader keeps its connections: agents find out by their keepalive, 20 s and 10 s more. */
const ordersWithinMs = 90_000;

type Fault = Failover['fault'];

/** How the leader is lost, and how it comes back. */
const ways: Record<Fault, { readonly lose: (leader: Member) => Promise<void> | void; readonly bringBack: (member: Member) => Promise<void> }> = {
  SIGKILL: {
    lose: async ({ controller }) => void (await controller.stop('SIGKILL')),
    bringBack: ({ controller }) => controller.start(),
  },
  SIGSTOP: {
    lose: ({ controller }) => controller.freeze(true),
    bringBack: async (member) => {
      const already = member.controller.log.length;
      member.controller.freeze(false);
      await knowsThatItLost(member, already);
    },
  },
  partition: {
    lose: ({ proxy }) => proxy.partition(),
    bringBack: async (member) => {
      member.proxy.mend();
      await knowsThatItLost(member, 0);
    },
  },
};

function knowsThatItLost({ controller }: Member, from: number): Promise<unknown> {
  return waitFor(`${controller.name} to know that it does not lead`, () => controller.log.slice(from).some(({ message }) => /leadership is lost/.test(message)));
}

/**
 * @param faults one a round
 * @param say hears of each round
 * @param interrupted ends it after the round that is on; what was measured counts
 */
export async function failoversOf(faults: readonly Fault[], say: (line: string) => void, interrupted: AbortSignal): Promise<Failovers> {
  const controllers = await Controllers.start(controllerCount);
  try {
    const rounds: Failover[] = [];
    for (const fault of faults) {
      if (interrupted.aborted) break;
      const round = await failover(controllers, fault, 8192 + rounds.length);
      say(`${fault} ${rounds.length + 1} of ${faults.length}: another leads after ${round.leadsMs} ms, its orders arrive after ${round.ordersMs} ms`);
      rounds.push(round);
    }
    const { count, stray } = writesOf(controllers.requests(), (credential) => controllers.nameOf(credential));
    return { controllers: controllerCount, rounds, writes: count, strayWrites: [...stray] };
  } finally {
    await controllers.stop();
  }
}

/** @param spillBytes what is ordered meanwhile; different in each round */
async function failover(controllers: Controllers, fault: Fault, spillBytes: number): Promise<Failover> {
  const leader = await controllers.anyLeader();
  // At any moment between two renewals: how long it takes depends on it.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 2000));
  const began = performance.now();
  const since = (): number => Math.round(performance.now() - began);
  await ways[fault].lose(leader);
  const changed = controllers.bench.change({ spec: { connections: { spillBytes } } });
  await waitFor('another leader', async () => ((await controllers.anyLeader()) === leader ? undefined : true), { everyMs: 20 });
  const leadsMs = since();
  await changed;
  await controllers.agent.ordered('of the next leader', (order) => order.spillBytes === spillBytes, ordersWithinMs);
  const ordersMs = since();
  await ways[fault].bringBack(leader);
  return { fault, leadsMs, ordersMs };
}
