// Several controllers of one cluster, each behind its own proxy, and an agent that connects to the leader.
import { z } from 'zod';
import { type KubeClient, kubeClient, loadKubeConfig } from '../../../operator/kube';
import { ControllerBench } from '../../stand/api/controllerBench';
import { compiled as program, ControllerProcess, namespace } from '../../stand/api/controllerProcess';
import { agentPod, namespaceReport, type TestAgent } from '../../stand/api/testAgent';
import { waitFor } from '../../stand/support/waitFor';
import { type AuditedRequest, requestsOf } from '../../stand/api/audit';
import { ChannelRelay } from './channelRelay';
import { FaultProxy } from '../../stand/api/proxy';

export interface Member {
  readonly controller: ControllerProcess;
  readonly proxy: FaultProxy;
}

const lease = z.object({ spec: z.object({ holderIdentity: z.string().default('') }) });
const account = `system:serviceaccount:${namespace}:sidecar-acceleration-controller`;

export class Controllers {
  private readonly members: Member[] = [];
  private readonly admin: KubeClient;
  private speaker: TestAgent | undefined;
  private speaking: NodeJS.Timeout | undefined;

  private constructor(
    readonly bench: ControllerBench,
    private readonly relay: ChannelRelay,
  ) {
    this.admin = kubeClient(loadKubeConfig(bench.server.kubeconfig));
  }

  /**
   * Starts the controllers: one leads and the others stand by. Resolves when the resource is Ready. The agent reports four times a second, so
   * that the leader always has a status to write.
   */
  static async start(count: number): Promise<Controllers> {
    let proxy: FaultProxy | undefined;
    const bench = await ControllerBench.start({
      audit: true,
      controller: async ({ url }) => {
        proxy = await FaultProxy.start(url);
        return { url: proxy.url, program };
      },
    });
    if (proxy === undefined) throw new Error('starting controllers: the first controller was made without its proxy');
    const relay = await ChannelRelay.start(kubeClient(loadKubeConfig(bench.server.kubeconfig)));
    const all = new Controllers(bench, relay);
    all.members.push({ controller: bench.controller, proxy });
    try {
      await all.begin(count);
      return all;
    } catch (error) {
      await all.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.speaking);
    for (const { controller } of this.members) await controller.stop('SIGKILL');
    await this.bench.stop();
    for (const { proxy } of this.members) await proxy.stop();
    this.relay.stop();
  }

  /** The controller that the Lease names; undefined when it names none of them. */
  async leader(): Promise<Member | undefined> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/sidecar-acceleration-controller`;
    const { spec } = lease.parse(await this.admin.request('GET', path));
    return this.members.find(({ controller }) => controller.name === spec.holderIdentity);
  }

  anyLeader(): Promise<Member> {
    return waitFor('a leader', () => this.leader(), { everyMs: 20 });
  }

  /** All requests of all controllers, from the audit log. */
  requests(): AuditedRequest[] {
    return requestsOf(this.bench.server.auditLog, account);
  }

  nameOf(credential: string): string {
    return this.members.find(({ controller }) => controller.credential === credential)?.controller.name ?? `unknown ${credential}`;
  }

  /** The agent, which finds the leader through the channel's Service. */
  get agent(): TestAgent {
    if (this.speaker === undefined) throw new Error('asking for the agent: the controllers have not begun');
    return this.speaker;
  }

  private async begin(count: number): Promise<void> {
    const { bench } = this;
    await bench.applyResource();
    await bench.create(agentPod('agent-1', 'node1'));
    await bench.daemonSetOf(1);
    const agent = (this.speaker = await bench.obedient(await bench.podToken('agent-1'), [], this.relay.port));
    await bench.ready();
    while (this.members.length < count) this.members.push(await this.another());
    let bytes = 0;
    this.speaking = setInterval(() => agent.say([namespaceReport('shop', { open: 10, accelerated: 8, fastBytes: (bytes += 1000) })]), 250);
  }

  private async another(): Promise<Member> {
    const proxy = await FaultProxy.start(this.bench.server.url);
    const controller = await ControllerProcess.of(this.bench.server, this.bench.directory, {
      name: `controller-${this.members.length + 1}`,
      url: proxy.url,
      program,
    });
    await controller.start();
    return { controller, proxy };
  }
}
