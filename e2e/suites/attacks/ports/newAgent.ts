// An agent that connects while a crowd is connected to the controller.
import type { LiveBench } from '../../../stand/api/liveBench';
import { agentPod } from '../../../stand/api/testAgent';

/** Makes the names of the pods differ, because the API server keeps each until the end of the run. */
let made = 0;

/** @returns a function that connects the agent of node2, and resolves with the milliseconds until the controller has accepted it */
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
