// A rule that drops packets stops a connection that is already open: NetworkPolicies are such rules. On the running kernel. Needs root.
import { Fixture } from './fixture';
import { ruleBoundMs, shapes, stopByRule } from './newRule';

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

test.each(shapes.map(({ words, shape, bytes }) => [words, shape, bytes] as const))(
  'a new rule that drops packets stops within a second a connection %s',
  async (_, shape, bytes) => {
    const { redirected, lateMs } = await stopByRule(f, shape, bytes);
    expect(redirected).toBeGreaterThan(20 * bytes);
    expect(lateMs).toBeGreaterThan(-2000);
    expect(lateMs).toBeLessThan(ruleBoundMs);
  },
);
