// What the bench and its simulators say to each other. Both are of this folder and start together.

/** Where agents find the controller. */
export interface Contact {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly serverName: string;
}

export interface AgentPlan {
  readonly token: string;
  /** Of the pods on its node. */
  readonly namespaces: readonly string[];
  /** A namespace that is on this node alone: its counters say when they were last changed. */
  readonly probe: string | undefined;
}

export type ToSimulator =
  /** Connects them all, spread over a time; later changes of `contact` are not needed, as a controller keeps its port. */
  | { readonly do: 'begin'; readonly contact: Contact; readonly agents: readonly AgentPlan[]; readonly spreadMs: number }
  /** Pods of a namespace came (1) or went (-1) on the node of the agent with this place in `agents`. */
  | { readonly do: 'pod'; readonly agent: number; readonly namespace: string; readonly change: 1 | -1 }
  /** Whether probes change. */
  | { readonly do: 'probe'; readonly on: boolean }
  | { readonly do: 'end' };

export type FromSimulator =
  /** When each agent that is served now was let in (monotonic ms, in no order). */
  | { readonly told: 'served'; readonly times: readonly number[] }
  /** Every agent has this order; when each got it. */
  | { readonly told: 'order'; readonly revision: number; readonly times: readonly number[] }
  /** A probe's report has gone out with this time in it. */
  | { readonly told: 'probe'; readonly namespace: string; readonly at: number };
