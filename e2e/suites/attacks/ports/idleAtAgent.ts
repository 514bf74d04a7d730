// Idle connections to the port of probes and metrics of a node's agent: the real agent, with its programs in the kernel.
import { RealAgent } from '../../../stand/agent/realAgent';
import type { Attack } from '../attack';
import { crowdAtHealth } from './crowdAtHealth';

const program = ['dist/operator/agent/main.js'];

export const idleAtAgent: Attack = {
  name: 'idle connections to the agent’s port of probes and metrics',
  attacker: 'pod',
  needs: 'root',
  before: '66 connections: 100 of 100 liveness probes were reset; more than two restarts on a witness node rolled a revision back',
  run: async (stage, size) => {
    const agent = await RealAgent.prepare(`attacked-${process.pid}`, { program });
    try {
      await agent.start();
      return await crowdAtHealth(() => Promise.resolve({ pid: agent.pid, port: agent.healthPort }), {})(stage, size);
    } finally {
      await agent.stop();
    }
  },
};
