// A stand for tests of the controller: a real API server with the chart installed, the controller as a process, and two nodes without a kubelet.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Condition, sidecarAcceleration, type SidecarAcceleration, status as statusSchema } from '../../../operator/api';
import type { NamespaceReport, Order, Report, Watch, Watched } from '../../../operator/protocol';
import { attempt } from '../../../release/tools/command';
import { checkout } from '../../../release/tools/paths';
import { type ApiServer, startApiServer } from './apiServer';
import { type ControllerOptions, ControllerProcess, namespace } from './controllerProcess';
import { emptyReport, type Endpoint, requestToken, TestAgent } from './testAgent';
import { waitFor } from '../support/waitFor';

export const daemonSet = 'sidecar-acceleration-agent';
const channel = 'sidecar-acceleration-channel';

export interface BenchOptions {
  /** Has the API server write an audit log. */
  readonly audit?: boolean;
  /** Values of the chart, as for `helm --set`. */
  readonly values?: readonly string[];
  /** Options of the controller; called when the API server runs. */
  readonly controller?: (server: ApiServer) => Promise<ControllerOptions>;
}

export class ControllerBench {
  private readonly agents: TestAgent[] = [];

  private constructor(
    readonly server: ApiServer,
    /** The first controller; a test may start more. */
    readonly controller: ControllerProcess,
    readonly directory: string,
  ) {}

  /**
   * Starts everything; the resource does not exist yet. The label mesh=on selects the namespace shop. Other namespaces have the label too, and the
   * controller must leave them out: bank has opted out, kube-system and the product's own are never selected. node1 has two pods of shop.
   */
  static async start({ audit = false, values = [], controller = () => Promise.resolve({}) }: BenchOptions = {}): Promise<ControllerBench> {
    const directory = mkdtempSync(join(tmpdir(), 'controller-e2e-'));
    const server = await startApiServer({ audit });
    try {
      await install(server, values);
      const bench = new ControllerBench(server, await ControllerProcess.of(server, directory, await controller(server)), directory);
      await bench.create(
        node('node1'),
        node('node2'),
        labelled('shop', { mesh: 'on' }),
        labelled('bank', { mesh: 'on', 'acceleration.dev/mode': 'off' }),
        labelled('plain', {}),
      );
      await bench.create(podOn('node1', 'shop', 'cart'), podOn('node1', 'shop', 'web'));
      await bench.kubectl(['label', 'namespace', 'kube-system', namespace, 'mesh=on']);
      await bench.controller.start();
      return bench;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.close()));
    await this.controller.stop('SIGKILL');
    await this.server.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async kubectl(args: readonly string[], input?: object): Promise<string> {
    const { code, stdout, stderr } = await this.server.kubectl(args, input === undefined ? undefined : JSON.stringify(input));
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}; the controller: ${this.controller.tail()}`);
    return stdout;
  }

  /** An object as the API server returns it. It has no type, because each test looks at other fields. */
  async get(...args: string[]) {
    return JSON.parse(await this.kubectl(['get', ...args, '-o', 'json']));
  }

  create(...items: object[]): Promise<string> {
    return this.kubectl(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items });
  }

  /** Applies a resource that selects by mesh=on, and waits until the DaemonSet of its agents exists. @param more fields of its spec */
  async applyResource(more: object = {}): Promise<void> {
    await this.kubectl(['apply', '-f', '-'], {
      apiVersion: 'acceleration.dev/v1alpha1',
      kind: 'SidecarAcceleration',
      metadata: { name: 'default' },
      spec: { selector: { namespaces: { matchLabels: { mesh: 'on' } } }, ...more },
    });
    await waitFor('the DaemonSet', () => this.get('ds', daemonSet, '-n', namespace));
  }

  change(patch: object): Promise<string> {
    return this.kubectl(['patch', 'sca', 'default', '--type=merge', '-p', JSON.stringify(patch)]);
  }

  async resource(): Promise<SidecarAcceleration> {
    return sidecarAcceleration.parse(await this.get('sca', 'default'));
  }

  /** A condition of the resource. Reads the status alone, because the stored spec may be one that the product's schema refuses. */
  async condition(type: string): Promise<Condition | undefined> {
    const { status } = await this.get('sca', 'default');
    return statusSchema.parse(status ?? {}).conditions?.find((each) => each.type === type);
  }

  ready(timeout = '30s'): Promise<string> {
    return this.kubectl(['wait', '--for=condition=Ready', 'sca/default', `--timeout=${timeout}`]);
  }

  /** Writes the status that the DaemonSet controller would write when all agents on this many nodes are ready. */
  async daemonSetOf(nodes: number): Promise<void> {
    const { metadata } = await this.get('ds', daemonSet, '-n', namespace);
    const status = {
      observedGeneration: metadata.generation,
      desiredNumberScheduled: nodes,
      currentNumberScheduled: nodes,
      updatedNumberScheduled: nodes,
      numberReady: nodes,
      numberAvailable: nodes,
      numberMisscheduled: 0,
    };
    await this.kubectl(['patch', 'ds', daemonSet, '-n', namespace, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]);
  }

  /** The data of the ConfigMap from which agents have the controller's CA. */
  async channel(): Promise<Record<string, string>> {
    return (await this.get('configmap', channel, '-n', namespace)).data;
  }

  async endpoint(): Promise<Endpoint> {
    const ca = await waitFor('the CA', async () => (await this.channel())['ca.crt']);
    return { port: this.controller.ports.grpc, ca };
  }

  /** Requests a token that is bound to the pod, as the token in a projected volume is. */
  podToken(pod: string): Promise<string> {
    return requestToken(this.server, { pod });
  }

  /**
   * An agent that follows every order: it answers with a report of the counts that it reported last, or of `namespaces` when it has reported
   * none. It connects to the first controller unless `port` is given.
   */
  async obedient(
    token: string,
    namespaces: readonly NamespaceReport[] = [],
    port = this.controller.ports.grpc,
    watched?: (watch: Watch) => Watched | undefined,
  ): Promise<TestAgent> {
    const answer = (order: Order, reported: Report | undefined): Report => ({
      ...emptyReport,
      appliedOrder: order.revision,
      released: order.remove,
      namespaces: inMode(order, reported?.namespaces ?? namespaces),
    });
    const agent = new TestAgent({ ...(await this.endpoint()), port }, token, this.directory, answer, watched);
    this.agents.push(agent);
    return agent;
  }
}

/** The report under this order: as with a real agent, no pod is accelerated unless the mode is Accelerate. */
function inMode({ mode, remove }: Order, namespaces: readonly NamespaceReport[]): NamespaceReport[] {
  return remove ? [] : namespaces.map((each) => ({ ...each, podsAccelerated: mode === 'Accelerate' ? each.podsAccelerated : 0 }));
}

/** The admission policy is off by default: the API server may learn late that a new CRD is the policy's parameter. A test that needs it sets it. */
const withoutPolicy = 'admissionPolicy.enabled=false';

async function install(server: ApiServer, values: readonly string[]): Promise<void> {
  const chart = join(checkout, 'charts', 'sidecar-acceleration');
  const { code, stderr } = await attempt(
    server.tools.path('helm'),
    [
      '--kubeconfig',
      server.kubeconfig,
      '-n',
      namespace,
      'install',
      'test',
      chart,
      '--create-namespace',
      ...[withoutPolicy, ...values].map((value) => `--set=${value}`),
    ],
    { timeoutMs: 60_000 },
  );
  if (code !== 0) throw new Error(`installing the chart: ${stderr.trim()}`);
  await server.kubectl(['wait', '--for=condition=Established', 'crd/sidecaraccelerations.acceleration.dev', '--timeout=30s']);
}

/** The Pod object of an application on a node; no kubelet runs it. */
export function podOn(node: string, ofNamespace: string, name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: ofNamespace },
    spec: { nodeName: node, automountServiceAccountToken: false, containers: [{ name: 'app', image: 'none' }] },
  };
}

const node = (name: string): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
const labelled = (name: string, labels: Record<string, string>): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
