// Requests live data from the agents of the nodes with pods of a namespace, and lists the nodes that did not answer.
import { foreignPeer, type SilentNode } from '../../api';
import type { Connection, Watch, Watched } from '../../protocol';
import type { KubePod } from '../rollout';

/** A node from which live data can be requested. */
export interface LiveAgent {
  readonly node: string;
  /** Namespaces with selected pods on the node, by its last report; undefined before the first report to this controller. */
  readonly namespaces: readonly string[] | undefined;
  /** The agent's stream; undefined while the agent is not connected. */
  readonly stream: { readonly answersWatch: boolean; watch(watch: Watch): void } | undefined;
}

/** What is requested; an empty name stands for all. */
export interface Scope {
  readonly namespace: string;
  readonly pod: string;
}

export interface Answer {
  readonly node: string;
  readonly watched: Watched;
}

export interface Answers {
  readonly answers: readonly Answer[];
  readonly silent: readonly SilentNode[];
}

export interface Follower {
  onAnswer(answer: Answer): void;
  /** Events of a node are not, or no longer, received. */
  onSilent(node: SilentNode): void;
}

/** Most nodes of one request. In a cluster with more nodes the request must name a namespace. */
export const maxNodes = 200;
/** Longest wait for answers, in milliseconds. */
const answerMs = 3000;
/** Milliseconds between two checks for nodes that have got pods of the namespace. */
const lookAgainMs = 2000;

type Heard = (node: string, watched: Watched | undefined) => void;

export class Questions {
  private lastId = 0;
  private readonly waiting = new Map<number, Heard>();

  constructor(
    private readonly agents: () => readonly LiveAgent[],
    private readonly times: { readonly answerMs: number; readonly lookAgainMs: number } = { answerMs, lookAgainMs },
  ) {}

  /** To be called with each answer of an agent; undefined when its stream has ended. */
  heard(node: string, watched: Watched | undefined): void {
    if (watched !== undefined) this.waiting.get(watched.id)?.(node, watched);
    else for (const hear of this.waiting.values()) hear(node, undefined);
  }

  /** Requests the connections of all nodes, and waits 3 s at most. Never rejects. @param signal ends the waiting; the answers are not whole then */
  ask(scope: Scope, limit: number, signal?: AbortSignal): Promise<Answers> {
    const { namespace, pod } = scope;
    const { asked, silent } = this.choose(namespace);
    const id = ++this.lastId;
    const open = new Set(asked.map(({ node }) => node));
    let answers: readonly Answer[] = [];
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        this.waiting.delete(id);
        for (const node of open) silent.push({ name: node, message: `its agent has not answered within ${this.times.answerMs / 1000} s` });
        resolve({ answers, silent });
      };
      const timer = setTimeout(finish, this.times.answerMs);
      signal?.addEventListener('abort', finish);
      this.waiting.set(id, (node, watched) => {
        if (!open.delete(node)) return;
        const problem = watched === undefined ? gone : watched.problem;
        if (watched === undefined || problem !== '') silent.push({ name: node, message: problem });
        else answers = busiestOf([...answers, { node, watched: within(scope, watched) }], limit);
        if (open.size === 0) finish();
      });
      for (const { stream } of asked) stream.watch({ id, namespace, pod, limit, events: false, cancel: false });
      if (open.size === 0) finish();
    });
  }

  /** Requests events until the signal is aborted, also from nodes that get pods of the namespace later. */
  follow(scope: Scope, follower: Follower, signal: AbortSignal): void {
    const { namespace, pod } = scope;
    const id = ++this.lastId;
    const followed = new Map<string, Reachable['stream']>();
    const told = new Map<string, string>();
    const tell = (name: string, message: string): void => {
      if (told.get(name) === message) return;
      told.set(name, message);
      follower.onSilent({ name, message });
    };
    const silence = (name: string, message: string): void => {
      followed.delete(name);
      tell(name, message);
    };
    const look = (): void => {
      const { asked, silent } = this.choose(namespace);
      for (const { name, message } of silent) silence(name, message);
      for (const { node, stream } of asked) {
        if (followed.has(node)) continue;
        followed.set(node, stream);
        stream.watch({ id, namespace, pod, limit: 0, events: true, cancel: false });
      }
    };
    this.waiting.set(id, (node, watched) => {
      if (!followed.has(node)) return;
      if (watched === undefined) return silence(node, gone);
      // Unless the answer is the last, the request goes on at the agent and must be cancelled in the end.
      if (watched.problem !== '') return watched.last ? silence(node, watched.problem) : tell(node, watched.problem);
      told.delete(node);
      if (watched.last) followed.delete(node); // the agent's time limit is over; the next check requests again
      follower.onAnswer({ node, watched: within(scope, watched) });
    });
    const again = setInterval(look, this.times.lookAgainMs);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(again);
        this.waiting.delete(id);
        for (const stream of followed.values()) stream.watch({ id, namespace, pod, limit: 0, events: true, cancel: true });
      },
      { once: true },
    );
    look();
  }

  private choose(namespace: string): { readonly asked: readonly Reachable[]; readonly silent: SilentNode[] } {
    const concerned = this.agents().filter(
      ({ namespaces }) => namespaces === undefined || (namespace === '' ? namespaces.length > 0 : namespaces.includes(namespace)),
    );
    const judged = concerned.map((agent) => ({ agent, why: whySilent(agent) }));
    const silent = judged.flatMap(({ agent, why }) => (why === undefined ? [] : [{ name: agent.node, message: why }]));
    const reachable = judged.flatMap(({ agent: { node, stream }, why }) => (why === undefined && stream !== undefined ? [{ node, stream }] : []));
    const tooMany = reachable
      .slice(maxNodes)
      .map(({ node }) => ({ name: node, message: `a request reads ${maxNodes} nodes at most; name a namespace` }));
    return { asked: reachable.slice(0, maxNodes), silent: [...silent, ...tooMany] };
  }
}

/**
 * The answers with about as many connections as were asked for, those that have sent the most; the others count as omitted. So the answers of 200
 * nodes take no more memory than those of 20.
 */
function busiestOf(answers: readonly Answer[], limit: number): readonly Answer[] {
  const all = answers.flatMap(({ watched }) => watched.connections);
  // Cutting at twice the limit spares sorting after each answer.
  if (all.length <= 2 * limit) return answers;
  const sent = ({ fastBytes, tcpBytes }: Connection): number => fastBytes + tcpBytes;
  const kept = new Set(all.sort((a, b) => sent(b) - sent(a)).slice(0, limit));
  return answers.map(({ node, watched }) => {
    const connections = watched.connections.filter((each) => kept.has(each));
    return { node, watched: { ...watched, connections, omitted: watched.omitted + watched.connections.length - connections.length } };
  });
}

/** The requested part of an answer. The user may see no more than that, whatever an agent answers: not even the name of a pod elsewhere. */
function within({ namespace, pod }: Scope, watched: Watched): Watched {
  const isAsked = (ofNamespace: string, name: string): boolean => (namespace === '' || namespace === ofNamespace) && (pod === '' || pod === name);
  const shown = (each: Connection): Connection =>
    namespace === '' || each.peer === '' || each.peer.startsWith(`${namespace}/`) ? each : { ...each, peer: foreignPeer };
  return {
    ...watched,
    pods: watched.pods.filter((each) => isAsked(each.namespace, each.name)),
    connections: watched.connections.filter((each) => isAsked(each.namespace, each.pod)).map(shown),
    events: watched.events
      .filter(({ connection }) => isAsked(connection.namespace, connection.pod))
      .map((each) => ({ ...each, connection: shown(each.connection) })),
  };
}

/**
 * All nodes that may have connections. After a change of leader agents take some seconds to reconnect while their datapaths go on. So a ready
 * agent that has not reported to this controller yet counts as a node that does not answer, and not as a node without pods.
 */
export function agentsOf(heard: readonly LiveAgent[], pods: readonly Pick<KubePod, 'node' | 'ready' | 'leaving'>[]): LiveAgent[] {
  const known = new Set(heard.map(({ node }) => node));
  const unheard = pods.filter(({ node, ready, leaving }) => ready && !leaving && !known.has(node));
  return [...heard, ...unheard.map(({ node }) => ({ node, namespaces: undefined, stream: undefined }))];
}

interface Reachable {
  readonly node: string;
  readonly stream: NonNullable<LiveAgent['stream']>;
}

const gone = 'its agent has just disconnected';

function whySilent({ stream }: LiveAgent): string | undefined {
  if (stream === undefined) return 'its agent is not connected';
  return stream.answersWatch ? undefined : 'its agent is of an earlier release without live data';
}
