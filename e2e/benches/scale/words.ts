// The messages between the benchmark and its simulators.

/** Where agents find the controller. */
export interface Contact {
  readonly port: number;
  /** The controller's CA as PEM. */
  readonly ca: string;
  readonly serverName: string;
}

export interface AgentPlan {
  readonly token: string;
  /** The namespaces of the pods on its node. */
  readonly namespaces: readonly string[];
  /** A namespace that is on this node alone. Its bytes over TCP are the time at which its report was last changed. */
  readonly probe: string | undefined;
}

export type ToSimulator =
  /** Connects all agents, spread over a time. A controller that is started again has the same port, so `contact` never changes. */
  | { readonly do: 'begin'; readonly contact: Contact; readonly agents: readonly AgentPlan[]; readonly spreadMs: number }
  /** A pod of a namespace came (1) or went (-1) on the node of the agent with this index in `agents`. */
  | { readonly do: 'pod'; readonly agent: number; readonly namespace: string; readonly change: 1 | -1 }
  /** Starts or stops the changes of probes. */
  | { readonly do: 'probe'; readonly on: boolean }
  | { readonly do: 'end' };

export type FromSimulator =
  /** For each agent that is served now, when its stream was accepted (monotonic ms, in no order). */
  | { readonly told: 'served'; readonly times: readonly number[] }
  /** Every agent of the simulator has this order; `times` are when each got it. */
  | { readonly told: 'order'; readonly revision: number; readonly times: readonly number[] }
  /** A probe's report with this time in it was sent. */
  | { readonly told: 'probe'; readonly namespace: string; readonly at: number };
