// The soak as a test of two minutes. Needs root.
import { verdict } from './result';
import { soak } from './soak';

const minutes = 60_000;
/** Beside other tests round trips are longer, and retransmission timers with them. In make soak, which runs alone, the limit is a second. */
const standstillMs = 3000;

test(
  'no byte is lost, reordered or misdelivered while the agent, its orders and the pods change',
  async () => {
    const result = await soak({ seconds: 75, bytes: Infinity, seed: 4, scale: 0.3, say: () => undefined });
    const troubles = result.troubles.filter((each) => !each.includes(': stalled: ') && !each.startsWith('place '));
    expect({ complaints: verdict(result, standstillMs), troubles }).toEqual({ complaints: [], troubles: [] });
  },
  5 * minutes,
);
