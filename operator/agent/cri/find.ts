// Which runtime runs this node's pods: of several that may be there (Docker brings a containerd of its own), the one that runs the agent.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeSockets } from '../../api';
import { connectCri, type Cri } from './client';

export interface FindCriOptions {
  /** The root directory of the host, as this process sees it. */
  readonly hostRoot: string;
  /** Path on the host; looked for unless given. */
  readonly socket?: string | undefined;
  /** Of the agent's own pod; without it the first runtime that answers is taken. */
  readonly podUid?: string | undefined;
  /** Paths on the host, in the order in which they are tried. */
  readonly known?: readonly string[];
}

/** A runtime that is looked for when it is first asked something; until one is found every call rejects with one line. */
export function findCri({ hostRoot, socket, podUid, known = runtimeSockets.map(({ path }) => path) }: FindCriOptions): Cri {
  if (socket !== undefined) return connectCri(join(hostRoot, socket), socket);
  let found: Cri | undefined;
  let looking: Promise<Cri> | undefined;
  let closed = false;

  const look = async (): Promise<Cri> => {
    const paths = known.filter((path) => isSocket(join(hostRoot, path)));
    if (paths.length === 0) throw new Error(`no container runtime has its socket at ${known.join(', ')}`);
    const silent: string[] = [];
    for (const path of paths) {
      const cri = connectCri(join(hostRoot, path), path);
      try {
        if (podUid === undefined ? await answers(cri) : await cri.runs(podUid)) return cri;
        silent.push(`the runtime at ${path} does not run the pod of this agent`);
      } catch (error) {
        silent.push(error instanceof Error ? error.message : String(error));
      }
      cri.close();
    }
    throw new Error(silent.join('; '));
  };
  const runtime = async (): Promise<Cri> => {
    if (found !== undefined) return found;
    looking ??= look().finally(() => { looking = undefined; });
    found = await looking;
    if (closed) found.close();
    return found;
  };

  return {
    get socket() {
      return found?.socket ?? '';
    },
    version: async () => (await runtime()).version(),
    runs: async (uid) => (await runtime()).runs(uid),
    readySandboxes: async () => (await runtime()).readySandboxes(),
    sandboxStatus: async (id) => (await runtime()).sandboxStatus(id),
    events: (listener) => {
      if (found === undefined) throw new Error('listening to a container runtime that has not been found yet');
      return found.events(listener);
    },
    close: () => {
      closed = true;
      found?.close();
    },
  };
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
