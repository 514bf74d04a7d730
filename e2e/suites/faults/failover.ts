// Makes the leader fail again and again, in three ways, and measures how long until another controller leads and sends orders.
import { waitFor } from '../../stand/support/waitFor';
import { Controllers, type Member } from './controllers';
import type { Failover, Failovers } from './results';
import { writesOf } from './strayWrites';

const controllerCount = 3;
/** The limit for the new order. A stopped leader keeps its connections open; agents notice by their keepalive after 20 s and 10 s more. */
const ordersWithinMs = 90_000;

type Fault = Failover['fault'];

/** For each fault, how the leader is made to fail and how it is brought back. */
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
  return waitFor(`${controller.name} to know that it does not lead`, () =>
    controller.log.slice(from).some(({ message }) => /leadership is lost/.test(message)),
  );
}

/**
 * @param faults the fault of each round
 * @param say is called with a line about each round
 * @param interrupted ends the measurement after the current round; the rounds so far count
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

/** One round. @param spillBytes the value that the resource is changed to during the fault; different in each round */
async function failover(controllers: Controllers, fault: Fault, spillBytes: number): Promise<Failover> {
  const leader = await controllers.anyLeader();
  // The fault begins at a random moment between two renewals of the Lease, because the time until another leads depends on that moment.
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
