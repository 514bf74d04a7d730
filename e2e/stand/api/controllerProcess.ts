// Runs the real controller as a process of this machine against a real API server, with the rights that the chart grants.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { checkout } from '../../../release/tools/paths';
import type { ApiServer } from './apiServer';
import { freePort } from '../support/freePort';
import { waitFor } from '../support/waitFor';

export const namespace = 'acceleration-system';
const account = 'sidecar-acceleration-controller';
/** The Service through which agents find the leader. */
export const channelService = 'sidecar-acceleration-channel';

export interface ControllerPorts {
  readonly grpc: number;
  readonly http: number;
}

/** A line of the controller's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
}

export interface ControllerOptions {
  /** The name of the controller's pod; unique among the controllers of one API server. */
  readonly name?: string;
  /** The address of the API server for this controller, when a proxy is between them. */
  readonly url?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The arguments of Node.js, relative to the checkout; by default they run the controller's sources. */
  readonly program?: readonly string[];
}

/** The arguments that run what `make build` has compiled: it starts in a quarter of the time. */
export const compiled = ['dist/operator/controller/main.js'];
const sources = ['-r', 'ts-node/register/transpile-only', 'operator/controller/main.ts'];
/** The address that the leader publishes in the EndpointSlice: one for documentation (RFC 5737), because the API server refuses loopback. */
const podIp = '192.0.2.1';

export class ControllerProcess {
  private child: ChildProcess | undefined;
  /** The id by which the API server's audit log names the current token: the credential-id of a ServiceAccount token. */
  credential = '';
  /** Everything that the controller has logged, also before it was started again. */
  readonly log: LogLine[] = [];

  private constructor(
    readonly name: string,
    private readonly server: ApiServer,
    private readonly directory: string,
    private readonly environment: NodeJS.ProcessEnv,
    readonly ports: ControllerPorts,
    private readonly program: readonly string[],
  ) {}

  /** Prepares a controller, which start() starts. @param server an API server with the chart installed @param directory for the controller's files */
  static async of(
    server: ApiServer,
    directory: string,
    { name = 'controller-1', url = server.url, environment = {}, program = sources }: ControllerOptions = {},
  ): Promise<ControllerProcess> {
    const ports = { grpc: await freePort(), http: await freePort() };
    const path = (extension: string): string => join(directory, `${name}.${extension}`);
    await writeFile(path('kubeconfig'), kubeconfigOf(url, path('token')), { mode: 0o600 });
    const variables = {
      ...process.env,
      KUBECONFIG: path('kubeconfig'),
      POD_NAMESPACE: namespace,
      POD_NAME: name,
      IMAGE: 'sidecar-acceleration:test',
      IMAGE_PULL_POLICY: 'Never',
      CONTROLLER_SERVICE: account,
      CHANNEL_SERVICE: channelService,
      POD_IPS: podIp,
      LOG_LEVEL: 'debug',
      GRPC_PORT: String(ports.grpc),
      HTTP_PORT: String(ports.http),
      ...environment,
    };
    const controller = new ControllerProcess(name, server, directory, variables, ports, program);
    await controller.renewToken();
    return controller;
  }

  /** Writes a new token to the token file, as the kubelet does; the controller reads the file again from time to time. Returns the token. */
  async renewToken(): Promise<string> {
    const created = await this.server.kubectl(['create', 'token', account, '-n', namespace, '--duration=2h']);
    if (created.code !== 0) throw new Error(`requesting a token of the controller: ${created.stderr.trim()}`);
    const token = created.stdout.trim();
    this.credential = `JTI=${tokenId(token)}`;
    await writeFile(join(this.directory, `${this.name}.token`), token, { mode: 0o600 });
    return token;
  }

  /** Starts the controller. Resolves when its readiness probe succeeds. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, this.program, {
      cwd: checkout,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const file = createWriteStream(join(this.directory, `${this.name}.log`), { flags: 'a' });
    for (const output of [child.stdout, child.stderr]) {
      output?.pipe(file, { end: false });
      if (output !== null) createInterface(output).on('line', (line) => this.log.push(parsed(line)));
    }
    child.once('exit', () => file.end());
    await waitFor('the controller to be ready', async () => {
      if (child.exitCode !== null) throw new Error(`the controller ended with exit code ${child.exitCode}`);
      return (await this.get('/readyz')).status === 200;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; its last words: ${this.tail()}`);
    });
  }

  /** Sends a request to the controller's HTTP port. */
  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.ports.http}${path}`);
    return { status: answer.status, text: await answer.text() };
  }

  /** Ends the controller and returns its exit code; null when a signal has ended it. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return child.exitCode;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** True while the process of the last start exists, even when it is stopped by SIGSTOP. */
  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Stops the controller at once by SIGSTOP, or lets it go on. */
  freeze(frozen: boolean): void {
    this.child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Finds the first line of the log that matches, and waits for one when there is none yet. */
  logged(pattern: RegExp): Promise<LogLine> {
    return waitFor(`the log line ${pattern}`, () => this.log.find(({ message }) => pattern.test(message)), { timeoutMs: 20_000 }).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}; its last words: ${this.tail()}`);
      },
    );
  }

  tail(): string {
    return this.log
      .slice(-12)
      .map(({ level, message }) => `${level} ${message}`)
      .join('\n');
  }
}

function tokenId(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  return z.object({ jti: z.string() }).parse(JSON.parse(payload)).jti;
}

/** A kubeconfig whose token is in a file, as that of a pod is. */
function kubeconfigOf(server: string, tokenFile: string): string {
  const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'controller', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'controller' } }],
  });
}

function parsed(line: string): LogLine {
  try {
    const { level, message } = JSON.parse(line) as Partial<LogLine>;
    return { level: level ?? '', message: message ?? line };
  } catch {
    return { level: 'raw', message: line };
  }
}
