// What the DaemonSet tells the agent, read once at start.
import { z } from 'zod';

const absolutePath = z.string().regex(/^\/[^\0]*$/, 'not an absolute path');

const schema = z.object({
  /** For logs and the pin directory only: whose node a stream is, the token says. */
  NODE_NAME: z.string().min(1).max(253),
  CONTROLLER_ADDRESS: z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, 'not host:port'),
  /** A path of the host; the runtime is looked for unless it is given. */
  CRI_SOCKET: absolutePath.optional(),
  /** The host's files, seen through its first process: no directory of the host need be mounted for the socket's sake. */
  HOST_ROOT: absolutePath.default('/proc/1/root'),
  /** Of the agent's own pod: by it the node's runtime is told from others. */
  POD_UID: z.string().min(1).max(253).optional(),
  PINS: absolutePath,
  OBJECT: absolutePath.default('/app/build/ebpf/datapath.bpf.o'),
  CA_FILE: absolutePath,
  TOKEN_FILE: absolutePath,
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  /** Of the abstract unix socket; agents in one network namespace need one each. */
  INSPECTOR: z.string().min(1).max(100).default('sidecar-acceleration-agent'),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65535).default(9090),
});

export interface Environment {
  readonly node: string;
  readonly controllerAddress: string;
  readonly criSocket?: string | undefined;
  readonly hostRoot: string;
  readonly podUid?: string | undefined;
  readonly pins: string;
  readonly object: string;
  readonly caFile: string;
  readonly tokenFile: string;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly healthPort: number;
  /** The address of the socket that tells which connections are joined. */
  readonly inspector: string;
}

/** Where the agent of this environment answers, for a command that asks it; nothing else needs to be set. Throws one line. */
export function readInspector(variables: NodeJS.ProcessEnv): string {
  const result = schema.shape.INSPECTOR.safeParse(variables['INSPECTOR']);
  if (!result.success) throw new Error('reading the environment of the agent: INSPECTOR: not a name of 1 to 100 characters');
  return addressOf(result.data);
}

/** Abstract: it is in no directory. */
function addressOf(name: string): string {
  return `\0${name}`;
}

/** Throws one line that names every variable that is missing or wrong. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const result = schema.safeParse(variables);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`reading the environment of the agent: ${problems.join('; ')}; see the DaemonSet`);
  }
  const read = result.data;
  return {
    node: read.NODE_NAME,
    controllerAddress: read.CONTROLLER_ADDRESS,
    criSocket: read.CRI_SOCKET,
    hostRoot: read.HOST_ROOT,
    podUid: read.POD_UID,
    pins: read.PINS,
    object: read.OBJECT,
    caFile: read.CA_FILE,
    tokenFile: read.TOKEN_FILE,
    logLevel: read.LOG_LEVEL,
    healthPort: read.HEALTH_PORT,
    inspector: addressOf(read.INSPECTOR),
  };
}
