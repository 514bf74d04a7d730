// The controller is killed at each of its writes during a rollout, before or after the write: the next controller goes on and repeats nothing.
import type { IncomingMessage } from 'node:http';
import { RolloutBench } from '../../../stand/api/rolloutBench';
import { waitFor } from '../../../stand/support/waitFor';

const nodes = ['n1', 'n2', 'n3'];
let rollout: RolloutBench;
let revision = 1;

beforeAll(async () => {
  rollout = await RolloutBench.start((_node, image) => (image.startsWith('bad') ? 'crashes' : 'well'));
  for (const name of nodes) await rollout.fleet.addNode(name);
  await rollout.bench.applyResource({ rollout: { bakeSeconds: 1, maxUnavailable: 1, verdict: { withinSeconds: 60 } }, agent: { image: 'good:1' } });
  await rollout.at('Done');
});

afterAll(() => rollout?.stop());

const writes: Record<string, (request: IncomingMessage) => boolean> = {
  'tell of it': ({ method, url = '' }) => method === 'POST' && /\/events$/.test(url),
  'remember it': ({ method, url = '' }) => method === 'PATCH' && /\/configmaps\/sidecar-acceleration-rollout\b/.test(url),
  'change the DaemonSet': ({ method, url = '' }) => method === 'PATCH' && /\/daemonsets\//.test(url),
  'delete a pod': ({ method, url = '' }) => method === 'DELETE' && /\/pods\//.test(url),
};
const moments = ['before it could', 'just after it did'] as const;
/** The deaths to test: at the first write of each kind, and at the third of those that come more than once. */
const deaths = moments.flatMap((moment) =>
  Object.keys(writes).flatMap((what) => (what === 'change the DaemonSet' ? [1] : [1, 3]).map((nth) => ({ moment, what, nth }))),
);

/** Waits for that write and kills the controller at it. @param from true when writes begin to count */
async function die({ moment, what, nth }: (typeof deaths)[number], from: () => boolean = () => true): Promise<void> {
  let count = 0;
  let now = false;
  rollout.proxy.breaks((request) => {
    if (writes[what]?.(request) !== true || !from() || ++count < nth) return { do: 'pass' };
    if (moment === 'just after it did') return { do: 'lose', done: () => (now = true) };
    now = true;
    return { do: 'swallow' };
  });
  await waitFor(`write ${nth} to ${what}`, () => now, { everyMs: 20 });
  await rollout.crash();
}

it.each(deaths)(
  'killed $moment $what ($nth): every node is updated once, and every event is written once',
  async (death) => {
    const image = `good:${++revision}`;
    const dead = die(death);
    await rollout.image(image);
    await dead;
    const { to } = await rollout.at('Done');
    await rollout.runs(image, nodes);
    expect(rollout.fleet.madeOf(image)).toEqual({ n1: 1, n2: 1, n3: 1 });
    expect(await rollout.eventsOf(to)).toEqual(['CanaryProven', 'RolloutFinished', 'RolloutStarted']);
  },
  180_000,
);

it.each(deaths.filter(({ nth }) => nth === 1))(
  'a bad revision, with the controller killed $moment $what, is rolled back all the same',
  async (death) => {
    const good = `good:${revision}`;
    const image = `bad:${death.moment}-${death.what}`.replaceAll(' ', '-');
    const dead = die(death, () => rollout.fleet.on(image).length > 0);
    await rollout.image(image);
    await dead;
    const { to } = await rollout.at('Stopped');
    await rollout.runs(good, nodes);
    expect(rollout.fleet.madeOf(image)).toEqual({ n1: 1, n2: 1 });
    expect(await rollout.eventsOf(to)).toEqual(['RolloutFailed', 'RolloutStarted']);
  },
  180_000,
);

it('the simulation had no errors', () => {
  expect(rollout.fleet.troubles).toEqual([]);
});
