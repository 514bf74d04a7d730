// The figures of one real agent: its memory, and its CPU while nothing changes.
import type { Figure } from './figures';

export const agentFigures = {
  agent_rss: { title: "agent's resident memory", unit: 'MiB', atMost: 80 },
  agent_cpu: { title: "agent's CPU, connections idle", unit: '% of a core', atMost: 0.5 },
  agent_connections: { title: 'joined connections meanwhile', unit: 'connections', circumstance: true },
} as const satisfies Record<string, Figure>;
