// The two-minute form of the soak, as a test. Needs root.
import { verdict } from './result';
import { soak } from './soak';

const minutes = 60_000;
/** Beside other tests a retransmission timer grows with the round trips; alone, in make soak, a second is the limit. */
const standstillMs = 3000;

test('no byte is lost, reordered or misdelivered while everything about the datapath changes', async () => {
  const result = await soak({ seconds: 75, bytes: Infinity, seed: 4, scale: 0.3, say: () => undefined });
  const troubles = result.troubles.filter((each) => !each.includes(': stalled: ') && !each.startsWith('place '));
  expect({ complaints: verdict(result, standstillMs), troubles }).toEqual({ complaints: [], troubles: [] });
}, 5 * minutes);
