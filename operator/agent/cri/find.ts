// Finds the container runtime that runs this node's pods. Of several runtimes (Docker comes with a containerd), it is the one that runs the agent.
import { statSync } from 'node:fs';
import { errorMessage } from '../../base';
import { formerCriSocket, runtimeSockets } from '../../api';
import { connectCri, type Cri } from './client';
import { insideHost } from './hostPath';

export interface FindCriOptions {
  /** The root directory of the host, as this process sees it. */
  readonly hostRoot: string;
  /** Path on the host that is tried alone. Without it, and with the default of earlier releases, all known paths are tried. */
  readonly socket?: string | undefined;
  /** UID of the agent's pod; without it the first runtime that answers is used. */
  readonly podUid?: string | undefined;
  /** Known paths on the host, in the order in which they are tried. */
  readonly known?: readonly string[];
}

/** A client that searches the runtime at its first call. While no runtime is found, every call rejects with an Error of one line. */
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
        silent.push(errorMessage(error));
      }
      cri.close();
    }
    throw new Error(silent.join('; '));
  };
  const runtime = async (): Promise<Cri> => {
    // A symbolic link of the path may have another target after an upgrade of the runtime.
    if (found !== undefined && insideHost(hostRoot, found.cri.socket) === found.at) return found.cri;
    found?.cri.close();
    found = undefined;
    looking ??= look().finally(() => {
      looking = undefined;
    });
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
      if (found === undefined) throw new Error('subscribe to events of the container runtime: no runtime was found yet');
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
  /** Path of the socket for this process. */
  readonly at: string;
}

async function answers(cri: Cri): Promise<boolean> {
  await cri.version();
  return true;
}

/** True for a socket. A path that may not be read counts as missing; preflight reports the missing privilege. */
function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
