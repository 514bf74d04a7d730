// In which state the datapath is while a witness is tried.

export const ways = ['visited', 'unvisited', 'abandoned'] as const;
/**
 * visited: an agent learns and scans open connections. unvisited: the agent cannot scan; connections are joined when they open. abandoned:
 * connections were joined by scans, and the agent has died since.
 */
export type Way = (typeof ways)[number];

export const wayNames: Readonly<Record<Way, string>> = {
  visited: 'learnt by visits',
  unvisited: 'without visits',
  abandoned: 'agent dead since before',
};
