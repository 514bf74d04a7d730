// Runs the real agent as a kubelet does, and sends it orders as a controller does, over the real channel. The container runtime is a scripted one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ScriptedRuntime, type ScriptedSandbox } from '../../../operator/agent/cri/runtime.testing';
import { controllerName } from '../../../operator/api';
import type { AgentSession, Order, Report } from '../../../operator/protocol';
import { TestChannel } from '../../../operator/protocol/channel.testing';
import { waitFor } from '../support/waitFor';
import { checkout } from '../../../release/tools/paths';

/** How long to wait until an order is in force while the machine is under full load. */
const patience = { timeoutMs: 180_000, everyMs: 10 };

/** Runs one agent. The agent answers its subcommands at an abstract socket of its network namespace, which here is the machine's. */
export class Keeper {
  private readonly channel = new TestChannel();
  readonly runtime = new ScriptedRuntime(this.channel.path('cri.sock'));
  private environment: NodeJS.ProcessEnv = {};
  private child: ChildProcess | undefined;
  private session: AgentSession<string> | undefined;
  /** The agent's last report; undefined while no agent runs. */
  report: Report | undefined;

  /** @param wanted the first order; each change of the order gets a higher revision */
  constructor(
    private readonly pins: string,
    private readonly object: string,
    private wanted: Order,
  ) {}

  /** Starts the channel and the scripted runtime. The agent is started by start(). */
  async listen(): Promise<void> {
    await this.runtime.start();
    const { port } = await this.channel.serve({
      tls: this.channel.authority.issue(controllerName),
      onStream: (opened) => {
        this.session = opened;
        this.report = undefined;
        opened.send(this.wanted);
        // A report of an earlier agent, which is being ended, does not count.
        return {
          onReport: (latest) => {
            if (this.session === opened) this.report = latest;
          },
          onClose: () => undefined,
        };
      },
    });
    this.environment = {
      ...process.env,
      NODE_NAME: 'soak',
      CONTROLLER_ADDRESS: `127.0.0.1:${port}`,
      CRI_SOCKET: this.runtime.socket,
      HOST_ROOT: '/',
      PINS: this.pins,
      OBJECT: this.object,
      CA_FILE: this.channel.path('ca.crt'),
      TOKEN_FILE: this.channel.path('token'),
      HEALTH_PORT: '0',
      INSPECTOR: `soak-${process.pid}`,
    };
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
    this.runtime.stop();
    await this.channel.end();
  }

  /** Starts an agent, which takes over what is pinned. Resolves when the order is in force. */
  async start(): Promise<void> {
    const program = ['-r', 'ts-node/register/transpile-only', join(checkout, 'operator', 'agent', 'main.ts')];
    // The agent has a mount namespace of its own, so that what it mounts goes with it. The tmpfs hides process 1 of this machine, whose network
    // namespace the agent would take for the node's: on some machines root may not read it, and the soak has no pods in it.
    const enter = 'mount -t tmpfs soak /proc/1 && exec "$0" "$@"';
    const child = spawn('unshare', ['-m', 'sh', '-c', enter, process.execPath, ...program], {
      cwd: checkout,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.environment,
    });
    const log = (text: Buffer): void => appendFileSync(this.channel.path('agent.log'), text);
    child.stdout.on('data', log);
    child.stderr.on('data', log);
    this.child = child;
    await this.inForce();
  }

  /** Changes the order; resolves when it is in force. */
  async order(change: Partial<Order>): Promise<void> {
    this.send(change);
    await this.inForce();
  }

  /** Orders the agent to remove the datapath. When this resolves, the kernel holds nothing of the datapath but what open sockets hold. */
  async remove(): Promise<void> {
    await this.order({ remove: true });
    this.wanted = { ...this.wanted, remove: false };
  }

  /** Changes and sends the order, and does not wait until it is in force. */
  send(change: Partial<Order>): void {
    this.wanted = { ...this.wanted, ...change, revision: this.wanted.revision + 1 };
    this.session?.send(this.wanted);
  }

  /** Ends the agent's process; the datapath in the kernel goes on. Resolves when the process has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    this.session = undefined;
    this.report = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  /** Stops the agent by SIGSTOP; the datapath in the kernel goes on. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Sends a changed order, kills the agent `afterMs` later, and takes the change back. */
  async killAmid(change: Partial<Order>, afterMs: number): Promise<void> {
    const before = this.wanted;
    this.send(change);
    await pause(afterMs);
    await this.end('SIGKILL');
    this.wanted = { ...before, revision: this.wanted.revision + 1 };
  }

  podStarted(sandbox: ScriptedSandbox): void {
    this.runtime.sandboxes.set(sandbox.id, sandbox);
    this.runtime.event(sandbox.id, 'CONTAINER_STARTED_EVENT');
  }

  podStopped(id: string): void {
    this.runtime.sandboxes.delete(id);
    this.runtime.event(id, 'CONTAINER_STOPPED_EVENT');
  }

  private async inForce(): Promise<void> {
    const { revision, remove } = this.wanted;
    const look = (): 'ended' | 'in force' | undefined => {
      if (this.child === undefined || this.child.exitCode !== null) return 'ended';
      return this.report?.appliedOrder === revision && this.report.released === remove ? 'in force' : undefined;
    };
    const state = await waitFor(`order ${revision} to be in force`, look, patience).catch((error: unknown) => String(error));
    if (state === 'in force') return;
    const what = state === 'ended' ? 'the agent ended' : state;
    throw new Error(`order ${revision}: ${what}; the report: ${JSON.stringify(this.report)}; the agent's log: ${this.lastWords()}`);
  }

  private lastWords(): string {
    return readFileSync(this.channel.path('agent.log'), 'utf8').slice(-2000);
  }
}
