// The two-minute form of the soak, as a test. Needs root.
import { verdict } from './result';
import { soak } from './soak';

const minutes = 60_000;

test('no byte is lost, reordered or misdelivered while everything about the datapath changes', async () => {
  const result = await soak({ seconds: 75, bytes: Infinity, seed: 4, scale: 0.3, say: () => undefined });
  expect({ complaints: verdict(result), troubles: result.troubles }).toEqual({ complaints: [], troubles: [] });
}, 5 * minutes);
