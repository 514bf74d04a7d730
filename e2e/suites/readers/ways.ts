// How the datapath stands over a witness while it is tried.

export const ways = ['visited', 'unvisited', 'abandoned'] as const;
/**
 * visited: an agent learns, and visits open connections. unvisited: it cannot visit any; they are joined when they open. abandoned:
 * connections were joined by visits, and the agent has died since.
 */
export type Way = (typeof ways)[number];

export const wayNames: Readonly<Record<Way, string>> = { visited: 'learnt by visits', unvisited: 'without visits', abandoned: 'agent dead since before' };
