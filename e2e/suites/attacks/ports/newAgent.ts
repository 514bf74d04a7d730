// An agent that comes while others crowd its controller.
import type { LiveBench } from '../../../stand/api/liveBench';
import { agentPod } from '../../../stand/api/testAgent';

/** The API server knows its pod until the end of the run. */
let made = 0;

/** The agent of node2: milliseconds until the controller has accepted it. */
export async function newAgent({ bench }: LiveBench): Promise<() => Promise<number>> {
  const pod = `latecomer-${(made += 1)}`;
  await bench.create(agentPod(pod, 'node2'));
  const token = await bench.podToken(pod);
  return async () => {
    const began = performance.now();
    const agent = await bench.obedient(token);
    try {
      await agent.state(/^up/);
      return Math.round(performance.now() - began);
    } finally {
      await agent.close();
    }
  };
}
