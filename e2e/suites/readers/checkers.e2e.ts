// Tests that the checkers see what is wrong with a witness. Needs root.
import { join } from 'node:path';
import { named, playShort, troubles } from './short';
import { Stand } from './stand';
import { programs } from './toolchains';
import type { Witness } from './witness';

const relay = join(__dirname, '..', '..', 'stand', 'pods', 'faultyRelay.js');
/** The relay listens on `front` and passes bytes on to `behind`. */
const [front, behind] = [7500, 7600];

let stand: Stand;
beforeAll(() => {
  stand = Stand.open();
});
afterAll(() => stand.close());

test('a byte that a relay changes is seen', async () => {
  const changed: Witness = {
    ...named('Node'),
    port: front,
    async start(on) {
      await on.serve('backend', [behind], process.execPath, join(programs, 'node', 'server.js'), behind, behind + 1);
      await on.serve('server', [front], process.execPath, relay, 'changed', front);
      return {};
    },
  };
  expect(troubles(await playShort(stand, changed, 'first large body'))).toContainEqual(expect.stringMatching(/tcp: wrong bytes/));
});

test('a server that stops reading is called hung', async () => {
  const deaf: Witness = {
    ...named('Python, blocking'),
    port: front,
    async start(on) {
      await on.serve('server', [front], 'python3', join(programs, 'python', 'deaf.py'), front);
      return {};
    },
  };
  expect(troubles(await playShort(stand, deaf, 'burst'))).toContainEqual(expect.stringMatching(/tcp: .*hung: nothing came and nothing went for 5 s/));
});
