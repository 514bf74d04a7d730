// The short form of the suite, with witnesses that run on every machine, also on the virtual machines of e2e/suites/kernels. Needs root and nginx.
import { named, playShort, troubles } from './short';
import { Stand } from './stand';

let stand: Stand;
beforeAll(() => {
  stand = Stand.open();
});
afterAll(() => stand.close());

test.each(['nginx', 'Python, blocking', 'Python, epoll', 'Node'])(
  '%s neither stalls nor gets a wrong byte in any situation of the short form',
  async (name) => {
    const rows = await playShort(stand, named(name));
    expect(rows.length).toBeGreaterThan(0);
    expect(troubles(rows)).toEqual([]);
  },
);
