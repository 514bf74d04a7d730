// Which runtime runs this node's pods: of several that may be there (Docker brings a containerd of its own), the one that runs the agent.
import { statSync } from 'node:fs';
import { formerCriSocket, runtimeSockets } from '../../api';
import { connectCri, type Cri } from './client';
import { insideHost } from './hostPath';

export interface FindCriOptions {
  /** The root directory of the host, as this process sees it. */
  readonly hostRoot: string;
  /** Path on the host, the only one that is tried; looked for unless given. The default of earlier releases is none: it is the first that is tried. */
  readonly socket?: string | undefined;
  /** Of the agent's own pod; without it the first runtime that answers is taken. */
  readonly podUid?: string | undefined;
  /** Paths on the host, in the order in which they are tried. */
  readonly known?: readonly string[];
}

/** A runtime that is looked for when it is first asked something; until one is found every call rejects with one line. */
export function findCri({ hostRoot, socket, podUid, known = runtimeSockets.map(({ path }) => path) }: FindCriOptions): Cri {
  const named = socket === formerCriSocket ? undefined : socket;
  const places = named === undefined ? known : [named];
  let found: Found | undefined;
  let looking: Promise<Found> | undefined;
  let closed = false;

  const look = async (): Promise<Found> => {
    const there = places.map((path) => ({ path, at: insideHost(hostRoot, path) })).filter(({ at }) => isSocket(at));
    if (there.length === 0) throw new Error(`no container runtime has its socket at ${places.join(', ')}`);
    const silent: string[] = [];
    for (const { path, at } of there) {
      const cri = connectCri(at, path);
      try {
        if (named !== undefined || podUid === undefined ? await answers(cri) : await cri.runs(podUid)) return { cri, at };
        silent.push(`the runtime at ${path} does not run the pod of this agent`);
      } catch (error) {
        silent.push(error instanceof Error ? error.message : String(error));
      }
      cri.close();
    }
    throw new Error(silent.join('; '));
  };
  const runtime = async (): Promise<Cri> => {
    // A link on the way may have another target since, after an upgrade of the runtime.
    if (found !== undefined && insideHost(hostRoot, found.cri.socket) === found.at) return found.cri;
    found?.cri.close();
    found = undefined;
    looking ??= look().finally(() => { looking = undefined; });
    found = await looking;
    if (closed) found.cri.close();
    return found.cri;
  };

  return {
    get socket() {
      return found?.cri.socket ?? '';
    },
    version: async () => (await runtime()).version(),
    runs: async (uid) => (await runtime()).runs(uid),
    readySandboxes: async () => (await runtime()).readySandboxes(),
    sandboxStatus: async (id) => (await runtime()).sandboxStatus(id),
    events: (listener) => {
      if (found === undefined) throw new Error('listening to a container runtime that has not been found yet');
      return found.cri.events(listener);
    },
    close: () => {
      closed = true;
      found?.cri.close();
    },
  };
}

interface Found {
  readonly cri: Cri;
  /** Where this process sees its socket. */
  readonly at: string;
}

async function answers(cri: Cri): Promise<boolean> {
  await cri.version();
  return true;
}

/** What may not be looked at counts as missing: preflight says which privilege that is. */
function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
