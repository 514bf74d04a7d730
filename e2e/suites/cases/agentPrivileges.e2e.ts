// The capabilities of the agent: it works with exactly those of its pod, and reports a problem when any one of them is missing.
import { capabilityNames, nodeReasons } from '../../../operator/api';
import { orderForShop, RealAgent } from '../../stand/agent/realAgent';

let agent: RealAgent;
let revision = 0;

beforeAll(async () => {
  agent = await RealAgent.prepare(`caps-${process.pid}`);
  await agent.pod('shop', 'cart');
});

afterEach(() => agent.end('SIGTERM'));
afterAll(() => agent?.stop());

/** A command that runs the agent with these capabilities only. */
function confined(names: readonly string[]): string[] {
  return ['setpriv', `--bounding-set=-all,${names.map((name) => `+${name.toLowerCase()}`).join(',')}`];
}

/** Orders the agent to accelerate. */
function order(): void {
  revision += 1;
  agent.session?.send({ ...orderForShop, revision });
}

/** Waits until the order is in force. */
async function works(): Promise<void> {
  await agent.reported('the order', ({ appliedOrder }) => appliedOrder === revision);
  expect(agent.report).toMatchObject({ problems: [], namespaces: [{ name: 'shop', podsAccelerated: 1 }] });
  expect(await agent.attached()).toBe(2);
}

async function released(): Promise<void> {
  revision += 1;
  agent.session?.send({ ...orderForShop, revision, remove: true });
  await agent.reported('the release', (report) => report.released && report.appliedOrder === revision);
  expect(agent.pinned()).toEqual([]);
  expect(await agent.attached()).toBe(0);
}

test('the listed capabilities are enough, from the first order to the removal', async () => {
  await agent.start(confined(capabilityNames));
  order();
  await works();
  await released();
  expect(agent.log()).not.toMatch(/"level":"(warn|error)"/);
});

test.each(capabilityNames)('without CAP_%s the agent reports that it lacks it and what to do, and pins nothing', async (name) => {
  await agent.start(confined(capabilityNames.filter((each) => each !== name)));
  order();
  await agent.reported('the problem', ({ problems }) => problems.some(({ reason }) => reason === 'MissingPrivilege'));
  const message = `the agent lacks CAP_${name}. ${nodeReasons.MissingPrivilege.remedy}`;
  expect(agent.report?.problems[0]).toEqual({ reason: 'MissingPrivilege', message });
  expect(agent.pinned()).toEqual([]);
  expect(await agent.attached()).toBe(0);
});

test('an agent in a cgroup namespace of its own, as containers have on cgroup v2, finds the directory of the pods', async () => {
  const own = `${agent.kubepods}/besteffort/pod-agent`;
  const inside = `mkdir ${own}; echo $$ > ${own}/cgroup.procs; exec unshare --cgroup "$@"`;
  await agent.start(['sh', '-ec', inside, 'sh', ...confined(capabilityNames)]);
  order();
  await works();
  await released();
});
