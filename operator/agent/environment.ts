// The environment variables that the DaemonSet sets for the agent.
import { z } from 'zod';

const absolutePath = z.string().regex(/^\/[^\0]*$/, 'not an absolute path');

const schema = z.object({
  /** Used for logs and the pin directory only. The controller takes the node of a stream from its token. */
  NODE_NAME: z.string().min(1).max(253),
  CONTROLLER_ADDRESS: z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, 'not host:port'),
  /** Path of the runtime's socket on the host. Without it the agent searches the known paths. */
  CRI_SOCKET: absolutePath.optional(),
  /** The host's root directory as seen through its first process, so that no directory of the host has to be mounted for the socket. */
  HOST_ROOT: absolutePath.default('/proc/1/root'),
  /** UID of the agent's pod: the agent uses the runtime that runs this pod. */
  POD_UID: z.string().min(1).max(253).optional(),
  PINS: absolutePath,
  OBJECT: absolutePath.default('/app/build/ebpf/datapath.bpf.o'),
  CA_FILE: absolutePath,
  TOKEN_FILE: absolutePath,
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  /** Name of the abstract unix socket of `serveConnections`; agents in one network namespace need different names. */
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
  /** Address of the abstract unix socket at which the agent lists joined connections. */
  readonly inspector: string;
}

/** The address of the running agent's socket, for the command `connections`; no other variable is needed. @throws Error in one line */
export function readInspector(variables: NodeJS.ProcessEnv): string {
  const result = schema.shape.INSPECTOR.safeParse(variables['INSPECTOR']);
  if (!result.success) throw new Error('read the environment of the agent: INSPECTOR: not a name of 1 to 100 characters');
  return addressOf(result.data);
}

/** An abstract unix socket has no file; its address begins with a NUL. */
function addressOf(name: string): string {
  return `\0${name}`;
}

/** Reads the environment. @throws Error in one line that names every missing or invalid variable */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const result = schema.safeParse(variables);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`read the environment of the agent: ${problems.join('; ')}; correct the DaemonSet`);
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
