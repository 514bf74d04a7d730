// Makes and ends pod sandboxes in a real container runtime, as a kubelet would.
import { join } from 'node:path';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

export interface SandboxPlan {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The path of the pod's cgroup below the root of every hierarchy, as a kubelet would choose it. */
  readonly cgroupParent: string;
  readonly hostNetwork?: boolean;
}

export class Sandboxes {
  private readonly client: Client;
  private readonly service: ServiceDefinition;

  /** @param socket path of the runtime's socket in this process's mounts */
  constructor(socket: string) {
    this.client = new Client(`unix:${socket}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    this.service = loadSync(join(__dirname, 'sandboxes.proto'))['runtime.v1.RuntimeService'] as ServiceDefinition;
  }

  /** Runs a sandbox. Returns its id when it is ready. */
  async run({ namespace, name, labels = {}, annotations = {}, cgroupParent, hostNetwork = false }: SandboxPlan): Promise<string> {
    const response = await this.call('RunPodSandbox', {
      config: {
        metadata: { namespace, name, uid: `uid-${name}` },
        // The kubelet puts these beside the pod's own labels.
        labels: { ...labels, 'io.kubernetes.pod.name': name, 'io.kubernetes.pod.namespace': namespace, 'io.kubernetes.pod.uid': `uid-${name}` },
        annotations,
        linux: { cgroupParent, securityContext: { namespaceOptions: { network: hostNetwork ? 'NODE' : 'POD' } } },
      },
    });
    return (response as { podSandboxId: string }).podSandboxId;
  }

  /** Ends the processes and the network of a sandbox. The runtime keeps its record. */
  async stop(id: string): Promise<void> {
    await this.call('StopPodSandbox', { podSandboxId: id });
  }

  async remove(id: string): Promise<void> {
    await this.call('RemovePodSandbox', { podSandboxId: id });
  }

  close(): void {
    this.client.close();
  }

  private call(name: string, request: object): Promise<object> {
    const method = this.service[name];
    if (method === undefined) throw new Error(`sandboxes.proto has no method ${name}`);
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + 60_000 },
        (error: ServiceError | null, response?: object) => (error ? reject(error) : resolve(response ?? {})),
      );
    });
  }
}
