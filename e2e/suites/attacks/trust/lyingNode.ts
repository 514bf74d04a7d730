// An agent sends false reports: pods that its node does not run, and more connections than a node can have.
import type { LiveBench } from '../../../stand/api/liveBench';
import { agentPod, namespaceReport } from '../../../stand/api/testAgent';
import { waitFor } from '../../../stand/support/waitFor';
import { namespace } from '../../../stand/api/controllerProcess';
import { type Attack, brokenBy } from '../attack';

/** Connection ends that the honest agent of the stage reports. */
const honestEnds = 2;

export const lyingNode: Attack = {
  name: 'a report of other nodes’ pods, and of more connections than a node can have',
  attacker: 'node',
  before: 'one report: a namespace showed 2^53−1 connections and the cluster 1 %',
  run: async (stage) => {
    const live = await stage.controller();
    const { bench } = live;
    await waitFor('the honest report', async () => (await openIn(live)) === honestEnds);
    await bench.create(agentPod('liar', 'node2'));
    const liar = await bench.obedient(await bench.podToken('liar'));
    try {
      await liar.ordered('at all', () => true);
      const named = async (): Promise<boolean> =>
        ((await bench.resource()).status?.nodes?.unsupported ?? []).some(
          ({ reason, examples }) => reason === 'ImplausibleReport' && examples.includes('node2'),
        );
      liar.say([namespaceReport('shop', { open: 2 ** 53 - 1 })]);
      await waitFor('the node to be named', named);
      const impossible = (await openIn(live)) ?? 0;
      // A claim of pods of another node is not counted, but the node is not named for it: the pods could have just been created.
      liar.say([namespaceReport('shop', { podsSelected: 500, open: 100_000 })]);
      await waitFor('the next report to be heard', async () => !(await named()));
      const foreign = (await openIn(live)) ?? 0;
      const lines = bench.controller.log.filter(({ message }) => message.includes('node2') && message.includes('not counted')).length;
      return {
        cost: 'the token of the agent of one node, 2 reports',
        now: `${impossible - honestEnds} and ${foreign - honestEnds} of the connections that it made up counted; its node was named in the status, and in ${lines} line of the log`,
        figures: { countedOfImpossible: impossible - honestEnds, countedOfForeign: foreign - honestEnds, logLines: lines },
        broken: brokenBy(
          [impossible !== honestEnds, 'connections that no node can have counted'],
          [foreign !== honestEnds, 'connections of other nodes’ pods counted'],
          [lines !== 1, 'it was not said once in the log'],
        ),
      };
    } finally {
      await liar.close();
      await bench.kubectl(['delete', 'pod', 'liar', '-n', namespace, '--grace-period=0', '--force']);
    }
  },
};

async function openIn({ bench }: LiveBench): Promise<number | undefined> {
  return (await bench.resource()).status?.connections?.open;
}
