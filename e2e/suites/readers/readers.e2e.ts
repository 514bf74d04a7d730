// The short form of the witnesses that run anywhere, on the virtual machines of e2e/suites/kernels too. Needs root and nginx.
import { named, playShort, troubles } from './short';
import { Stand } from './stand';

let stand: Stand;
beforeAll(() => {
  stand = Stand.open();
});
afterAll(() => stand.close());

test.each(['nginx', 'Python, blocking', 'Python, epoll', 'Node'])('%s neither stalls nor gets a wrong byte, whatever it is put into', async (name) => {
  const rows = await playShort(stand, named(name));
  expect(rows.length).toBeGreaterThan(0);
  expect(troubles(rows)).toEqual([]);
});
