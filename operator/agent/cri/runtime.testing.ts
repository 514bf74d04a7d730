// For tests: a container runtime with the answers that the test sets, over real gRPC on a unix socket.
import { join } from 'node:path';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type sendUnaryData,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface ScriptedSandbox {
  readonly id: string;
  readonly namespace: string;
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly handler?: string;
  readonly ip?: string;
  readonly additionalIps?: readonly string[];
  readonly pid?: number;
  readonly hostNetwork?: boolean;
  readonly ready?: boolean;
}

interface Request {
  readonly podSandboxId?: string;
  readonly filter?: { readonly labelSelector?: Readonly<Record<string, string>> };
}

type EventStream = ServerWritableStream<object, object>;

export class ScriptedRuntime {
  readonly sandboxes = new Map<string, ScriptedSandbox>();
  /** How often each method was called. */
  readonly calls: Record<string, number> = {};
  name = 'containerd';
  version = 'v2.4.2';
  private readonly streams = new Set<EventStream>();
  private server = new Server();

  constructor(readonly socket: string) {}

  async start(): Promise<void> {
    this.server = new Server();
    this.server.addService(runtimeService(), {
      Version: this.unary('Version', () => ({ runtimeName: this.name, runtimeVersion: this.version })),
      ListPodSandbox: this.unary('ListPodSandbox', ({ filter }) => ({
        items: [...this.sandboxes.values()]
          .filter(({ id, ready = true }) => ready && [undefined, `uid-${id}`].includes(filter?.labelSelector?.['io.kubernetes.pod.uid']))
          .map(({ id }) => ({ id, state: 'SANDBOX_READY' })),
      })),
      PodSandboxStatus: this.unary('PodSandboxStatus', ({ podSandboxId }) => {
        const sandbox = this.sandboxes.get(podSandboxId ?? '');
        return sandbox === undefined ? undefined : statusOf(sandbox);
      }),
      GetContainerEvents: (stream: EventStream) => {
        this.count('GetContainerEvents');
        this.streams.add(stream);
        stream.on('cancelled', () => this.streams.delete(stream));
      },
    });
    await new Promise<void>((resolve, reject) => {
      this.server.bindAsync(`unix:${this.socket}`, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Sends an event to every subscriber. */
  event(containerId: string, containerEventType: string): void {
    for (const stream of this.streams) stream.write({ containerId, containerEventType });
  }

  endEvents(): void {
    for (const stream of this.streams) stream.end();
    this.streams.clear();
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private count(method: string): void {
    this.calls[method] = (this.calls[method] ?? 0) + 1;
  }

  private unary(method: string, answer: (request: Request) => object | undefined) {
    return (call: { request: Request }, reply: sendUnaryData<object>): void => {
      this.count(method);
      const response = answer(call.request);
      if (response === undefined) reply({ code: status.NOT_FOUND, details: 'no such sandbox' });
      else reply(null, response);
    };
  }
}

function statusOf({
  id,
  namespace,
  name = id,
  labels = {},
  handler = '',
  ip = '',
  additionalIps = [],
  pid,
  hostNetwork = false,
  ready = true,
}: ScriptedSandbox): object {
  return {
    status: {
      id,
      metadata: { name, uid: `uid-${id}`, namespace },
      state: ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
      network: { ip, additionalIps: additionalIps.map((address) => ({ ip: address })) },
      linux: { namespaces: { options: { network: hostNetwork ? 'NODE' : 'POD' } } },
      labels: { ...labels, 'io.kubernetes.pod.name': name },
      annotations: { note: 'kept' },
      runtimeHandler: handler,
    },
    info: pid === undefined ? {} : { info: JSON.stringify({ pid, processStatus: 'running' }) },
  };
}

function runtimeService(): ServiceDefinition {
  const loaded = loadPackageDefinition(loadSync(join(__dirname, 'cri.proto'), { enums: String, defaults: true })) as unknown as {
    runtime: { v1: { RuntimeService: { service: ServiceDefinition } } };
  };
  return loaded.runtime.v1.RuntimeService.service;
}
