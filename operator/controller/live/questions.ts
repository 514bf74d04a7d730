// Asks the agents of the nodes that have pods of a namespace, and says which of them did not answer.
import type { SilentNode } from '../../api';
import type { Watch, Watched } from '../../protocol';
import type { KubePod } from '../rollout';

/** A node as far as it can be asked. */
export interface LiveAgent {
  readonly node: string;
  /** Namespaces with selected pods there, by its last report; undefined before the first one that this controller heard. */
  readonly namespaces: readonly string[] | undefined;
  /** Of the stream that it is asked on; undefined while it is not connected. */
  readonly stream: { readonly answersWatch: boolean; watch(watch: Watch): void } | undefined;
}

/** Empty: all. */
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
  /** A node is not, or no longer, followed. */
  onSilent(node: SilentNode): void;
}

/** Most nodes asked for one answer: of a cluster with more of them a namespace has to be named. */
export const maxNodes = 200;
const answerMs = 3000;
/** How soon pods on a node that had none are followed. */
const lookAgainMs = 2000;

type Heard = (node: string, watched: Watched | undefined) => void;

export class Questions {
  private lastId = 0;
  private readonly waiting = new Map<number, Heard>();

  constructor(
    private readonly agents: () => readonly LiveAgent[],
    private readonly times: { readonly answerMs: number; readonly lookAgainMs: number } = { answerMs, lookAgainMs },
  ) {}

  /** An agent has answered; undefined when its stream is gone. */
  heard(node: string, watched: Watched | undefined): void {
    if (watched !== undefined) this.waiting.get(watched.id)?.(node, watched);
    else for (const hear of this.waiting.values()) hear(node, undefined);
  }

  /** Waits for every node, but not for long. Never rejects. */
  ask(scope: Scope, limit: number): Promise<Answers> {
    const { namespace, pod } = scope;
    const { asked, silent } = this.choose(namespace);
    const id = ++this.lastId;
    const open = new Set(asked.map(({ node }) => node));
    const answers: Answer[] = [];
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        for (const node of open) silent.push({ name: node, message: `its agent has not answered within ${this.times.answerMs / 1000} s` });
        resolve({ answers, silent });
      };
      const timer = setTimeout(finish, this.times.answerMs);
      this.waiting.set(id, (node, watched) => {
        if (!open.delete(node)) return;
        const problem = watched === undefined ? gone : watched.problem;
        if (watched === undefined || problem !== '') silent.push({ name: node, message: problem });
        else answers.push({ node, watched: within(scope, watched) });
        if (open.size === 0) finish();
      });
      for (const { stream } of asked) stream.watch({ id, namespace, pod, limit, events: false, cancel: false });
      if (open.size === 0) finish();
    });
  }

  /** Follows what happens until the signal is given, on nodes that come later too. */
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
      // What is not the last goes on at the agent, so it is to be cancelled there at the end.
      if (watched.problem !== '') return watched.last ? silence(node, watched.problem) : tell(node, watched.problem);
      told.delete(node);
      if (watched.last) followed.delete(node); // it had its time; it is asked again
      follower.onAnswer({ node, watched: within(scope, watched) });
    });
    const again = setInterval(look, this.times.lookAgainMs);
    signal.addEventListener('abort', () => {
      clearInterval(again);
      this.waiting.delete(id);
      for (const stream of followed.values()) stream.watch({ id, namespace, pod, limit: 0, events: true, cancel: true });
    }, { once: true });
    look();
  }

  private choose(namespace: string): { readonly asked: readonly Reachable[]; readonly silent: SilentNode[] } {
    const concerned = this.agents().filter(({ namespaces }) => namespaces === undefined || (namespace === '' ? namespaces.length > 0 : namespaces.includes(namespace)));
    const judged = concerned.map((agent) => ({ agent, why: whySilent(agent) }));
    const silent = judged.flatMap(({ agent, why }) => (why === undefined ? [] : [{ name: agent.node, message: why }]));
    const reachable = judged.flatMap(({ agent: { node, stream }, why }) => (why === undefined && stream !== undefined ? [{ node, stream }] : []));
    const tooMany = reachable.slice(maxNodes).map(({ node }) => ({ name: node, message: `at most ${maxNodes} nodes are asked at a time: name a namespace` }));
    return { asked: reachable.slice(0, maxNodes), silent: [...silent, ...tooMany] };
  }
}

/** What was asked for and nothing else: who asked may see no more than that, whatever an agent answers. */
function within({ namespace, pod }: Scope, watched: Watched): Watched {
  const isAsked = (ofNamespace: string, name: string): boolean => (namespace === '' || namespace === ofNamespace) && (pod === '' || pod === name);
  return {
    ...watched,
    pods: watched.pods.filter((each) => isAsked(each.namespace, each.name)),
    connections: watched.connections.filter((each) => isAsked(each.namespace, each.pod)),
    events: watched.events.filter(({ connection }) => isAsked(connection.namespace, connection.pod)),
  };
}

/**
 * All nodes that may have connections to show. After a change of leader agents are away for some seconds while their datapaths go
 * on: who is ready and has not been heard by this controller is missing, not without pods.
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
  return stream.answersWatch ? undefined : 'its agent is of an earlier release, which tells no live data';
}
