// The real agent on a node with the real containerd, kernel and TLS channel; the test takes the part of the controller. Needs root and BPF.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroup2Mount } from '../../../operator/agent/cgroup';
import { controllerName } from '../../../operator/api';
import type { AgentSession, Hello, Order, Report, Watched } from '../../../operator/protocol';
import { TestChannel } from '../../../operator/protocol/channel.testing';
import { run } from '../../../release/tools/command';
import { checkout } from '../../../release/tools/paths';
import { freePort } from '../support/freePort';
import { type RuntimeNode, startRuntimeNode } from './runtimeNode';
import type { SandboxPlan } from './sandboxes';
import { waitFor } from '../support/waitFor';

/** The agent's pin directory, as the node sees it. */
export const agentPins = '/sys/fs/bpf/sidecar-acceleration/node';
/** An order that selects the namespace `shop`. */
export const orderForShop: Order = {
  revision: 1,
  mode: 'Accelerate',
  paths: ['PodLocal', 'NodeLocal'],
  maxConnections: 1000,
  spillBytes: 1_048_576,
  namespaces: ['shop'],
  podSelector: {},
  remove: false,
  reportSeconds: 1,
};
export interface RealAgentOptions {
  /** The arguments of Node.js, relative to the checkout; by default they run the agent's sources. */
  readonly program?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}
const sources = ['-r', join(checkout, 'node_modules/ts-node/register/transpile-only'), join(checkout, 'operator/agent/main.ts')];
const cgroup2 = cgroup2Mount(readFileSync('/proc/self/mountinfo', 'utf8')) ?? '/sys/fs/cgroup';

export class RealAgent {
  session: AgentSession<string> | undefined;
  hello: Hello | undefined;
  report: Report | undefined;
  /** The agent's last answer to a question for live data. */
  watched: Watched | undefined;
  private agent: ChildProcess | undefined;

  private constructor(
    readonly node: RuntimeNode,
    private readonly channel: TestChannel,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly program: readonly string[],
  ) {}

  /** Starts a node and the channel. The agent is started by start(). */
  static async prepare(runId: string, { program = sources, environment: more = {} }: RealAgentOptions = {}): Promise<RealAgent> {
    const channel = new TestChannel();
    const node = await startRuntimeNode(runId);
    const environment: NodeJS.ProcessEnv = {
      ...process.env,
      NODE_NAME: 'node',
      CRI_SOCKET: '/run/containerd/containerd.sock',
      PINS: agentPins,
      OBJECT: join(checkout, 'build/ebpf/datapath.bpf.o'),
      CA_FILE: channel.path('ca.crt'),
      TOKEN_FILE: channel.path('token'),
      LOG_LEVEL: 'debug',
      HEALTH_PORT: String(await freePort()),
      INSPECTOR: runId,
      ...more,
    };
    const prepared = new RealAgent(node, channel, environment, program);
    const controller = await channel.serve({
      tls: channel.authority.issue(controllerName),
      onStream: (opened) => {
        prepared.session = opened;
        prepared.hello = opened.hello;
        return {
          onReport: (latest) => {
            prepared.report = latest;
          },
          onWatched: (answer) => {
            prepared.watched = answer;
          },
          onClose: () => {
            prepared.session = undefined;
          },
        };
      },
    });
    environment['CONTROLLER_ADDRESS'] = `127.0.0.1:${controller.port}`;
    return prepared;
  }

  /**
   * Starts the agent and waits for its first report.
   * @param under a command in front of the agent's, such as setpriv, which must exec the agent and not fork
   */
  async start(under: readonly string[] = []): Promise<void> {
    this.session = undefined;
    this.report = undefined;
    this.agent = spawn('nsenter', this.inNode(under), { stdio: ['ignore', 'pipe', 'pipe'], env: this.environment });
    const log = createWriteStream(this.channel.path('agent.log'), { flags: 'a' });
    this.agent.stdout?.pipe(log);
    this.agent.stderr?.pipe(log);
    try {
      await waitFor('the agent to connect and report', () => this.session !== undefined && this.report !== undefined, { timeoutMs: 90_000 });
    } catch (error) {
      throw new Error(`${(error as Error).message}; its log: ${this.log().slice(-3000)}`, { cause: error });
    }
  }

  /** The process id of the agent itself, which is a child of nsenter: nsenter forks to enter the PID namespace. @throws when no agent runs */
  get pid(): number {
    const { pid } = this.agent ?? {};
    if (pid === undefined) throw new Error('asking for the process of the agent: it does not run');
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  }

  /** The port of the agent's probes and metrics. */
  get healthPort(): number {
    return Number(this.environment['HEALTH_PORT']);
  }

  /** Ends the agent. Returns its exit code; null when a signal has ended it or no agent was running. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.agent?.pid === undefined || this.agent.exitCode !== null) return null;
    const exit = once(this.agent, 'exit') as Promise<[number | null]>;
    process.kill(this.pid, signal);
    const [code] = await exit;
    this.agent = undefined;
    return code;
  }

  /** Ends agent, channel and node. */
  async stop(): Promise<void> {
    await this.end('SIGKILL');
    await this.channel.end();
    await this.node.stop();
  }

  /** The log of all agents that have run on this node. */
  log(): string {
    return readFileSync(this.channel.path('agent.log'), 'utf8');
  }

  /** Waits until `holds` is true for the latest report. @param what describes such a report in the error */
  async reported(what: string, holds: (latest: Report) => boolean): Promise<void> {
    const look = (): boolean => this.report !== undefined && holds(this.report);
    await waitFor(`a report of ${what}`, look, { timeoutMs: 90_000, everyMs: 50 }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; the last report: ${JSON.stringify(this.report)}`);
    });
  }

  /** Runs a subcommand of the agent's program and returns what it prints. */
  ask(...args: string[]): Promise<string> {
    return run('nsenter', this.inNode([], args), { env: { INSPECTOR: String(this.environment['INSPECTOR']) } });
  }

  /** Sends a request to the agent's health server. */
  get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.healthPort}${path}`);
  }

  pinned(): string[] {
    const folder = join(this.node.root, agentPins);
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  /** The cgroup v2 directory of the node's pods. */
  get kubepods(): string {
    return join(cgroup2, this.node.cgroup, 'kubepods');
  }

  /** The number of programs that are attached to that cgroup. */
  async attached(): Promise<number> {
    const list = await run('bpftool', ['-j', 'cgroup', 'show', this.kubepods]);
    return list.trim() === '' ? 0 : (JSON.parse(list) as unknown[]).length;
  }

  /** Runs a pod on the node; returns the id of its sandbox. */
  pod(namespace: string, name: string): ReturnType<RuntimeNode['sandboxes']['run']> {
    const plan: SandboxPlan = { namespace, name, cgroupParent: `/${this.node.cgroup}/kubepods/besteffort/pod-${name}` };
    return this.node.sandboxes.run(plan);
  }

  /** The command line of the agent: in the mount and PID namespaces of the node, but on this machine's network, where the test listens. */
  private inNode(under: readonly string[], args: readonly string[] = []): string[] {
    return ['-t', String(this.node.machine.first.pid), '-m', '-p', `--wd=${checkout}`, '--', ...under, process.execPath, ...this.program, ...args];
  }
}
