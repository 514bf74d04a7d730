// A tenant with pods on the canary nodes opens connections that stay on TCP, so that a new revision of the agents seems to accelerate less.
import { podOn } from '../../../stand/api/controllerBench';
import { RolloutBench } from '../../../stand/api/rolloutBench';
import { idleEnds } from '../../../stand/api/simulatedFleet';
import { type Attack, brokenBy } from '../attack';

const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
/** Shares are compared within this time. */
const withinSeconds = 6;

export const idleDuringRollout: Attack = {
  name: 'idle connections of one tenant during a rollout',
  attacker: 'namespace admin',
  before:
    '150 idle connection ends on two canary nodes: "it accelerates 36 % of its connections, and accelerated 90 % before"; every revision was rolled back for as long as the tenant liked',
  run: async () => {
    const rollout = await RolloutBench.start((_node, image) => (image === 'agent:2' ? 'one tenant idle' : 'two tenants'));
    try {
      const { bench, fleet } = rollout;
      await bench.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tenant', labels: { mesh: 'on' } } });
      for (const name of nodes) {
        await fleet.addNode(name);
        await bench.create(podOn(name, 'tenant', `of-tenant-on-${name}`));
      }
      await bench.applyResource({
        rollout: { canary: { count: 1 }, bakeSeconds: 2, maxUnavailable: 2, verdict: { withinSeconds } },
        agent: { image: 'agent:1' },
      });
      await rollout.at('Done');
      await rollout.image('agent:2');
      const { stage, failures } = await rollout.at('Done', 'Stopped');
      const updated = fleet.on('agent:2').length;
      return {
        cost: `${idleEnds} idle connection ends of one namespace on each updated node`,
        now: `the revision reached ${updated} of ${nodes.length} nodes; ${failures.length} nodes counted as failed`,
        figures: { nodes: nodes.length, updated, failed: failures.length },
        broken: brokenBy([stage !== 'Done' || updated < nodes.length, 'a tenant held back the revision']),
      };
    } finally {
      await rollout.stop();
    }
  },
};
