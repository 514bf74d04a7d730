// From the previous release to this one and back, on a real cluster under load. Needs root.
import { applyExample } from '../../stand/product/acceleration';
import { accountOf, type Account } from '../../stand/product/heavyLoad';
import { accelerates, type Ground, layGround, unharmed } from './ground';
import { providePreviousRelease } from './previous';
import { agentsRun, patience, provideThisRelease, put, type Release, rollBack } from './release';

const testMs = 580_000;

let before: Release;
let now: Release;
let ground: Ground;
const accounts: Account[] = [];

beforeAll(async () => {
  const [previous, current] = [await providePreviousRelease(), await provideThisRelease()];
  [before, now] = [previous, current];
  ground = await layGround([previous.archive, current.archive]);
}, testMs);

afterAll(() => ground?.cluster.down());

async function under(act: () => Promise<unknown>, release: () => Release): Promise<void> {
  accounts.push(
    await unharmed(ground, async () => {
      await act();
      await agentsRun(ground.cluster, release());
    }),
  );
  await accelerates(ground);
}

test(
  'the previous release is installed and accelerates',
  async () => {
    await put(ground.cluster, 'install', before);
    await applyExample(ground.cluster, patience);
    await agentsRun(ground.cluster, before);
    await accelerates(ground);
  },
  testMs,
);

test(
  'during an upgrade to this release no request fails and open connections stay; new connections are accelerated after it',
  async () => {
    await under(
      () => put(ground.cluster, 'upgrade', now),
      () => now,
    );
  },
  testMs,
);

test(
  'the same holds for a rollback to the previous release',
  async () => {
    await under(
      () => rollBack(ground.cluster, 1),
      () => before,
    );
  },
  testMs,
);

test(
  'the same holds for a second upgrade to this release',
  async () => {
    await under(
      () => put(ground.cluster, 'upgrade', now),
      () => now,
    );
    const { requests, checksummedBytes } = accountOf(accounts);
    console.log(
      `three changes of release under load: ${requests} requests, ${(checksummedBytes / 1e9).toFixed(1)} GB checksummed, none failed or wrong`,
    );
  },
  testMs,
);
