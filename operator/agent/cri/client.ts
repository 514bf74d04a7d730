// The container runtime's gRPC face on its unix socket, typed and checked.
import { join } from 'node:path';
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import type { z } from 'zod';
import { type ContainerEvent, containerEvent, sandboxList, type SandboxStatus, sandboxStatus, type Version, version } from './sandbox';

export interface EventListener {
  onEvent(event: ContainerEvent): void;
  /** The stream is over; `unsupported` when the runtime has none to offer. */
  onEnd(unsupported: boolean, reason: string): void;
}

/** What the agent asks of a runtime. Every call rejects with one line when it fails. */
export interface Cri {
  /** Path on the host; empty while it is not known. */
  readonly socket: string;
  version(): Promise<Version>;
  /** Ids of the sandboxes that are ready. */
  readySandboxes(): Promise<string[]>;
  /** Whether the pod of this uid has a sandbox here. */
  runs(podUid: string): Promise<boolean>;
  /** Undefined when the sandbox is gone. */
  sandboxStatus(id: string): Promise<SandboxStatus | undefined>;
  /** Returns how to stop listening; `onEnd` is not called after that. */
  events(listener: EventListener): () => void;
  close(): void;
}

/** The kubelet gives it to every sandbox (k8s.io/kubelet/pkg/types/labels.go). */
const podUidLabel = 'io.kubernetes.pod.uid';
const methods = runtimeService();
const deadlineMs = 10_000;
/** A node has up to some hundred pods, each with labels and annotations of up to 256 KiB: as much as the kubelet takes. */
const maxMessageBytes = 16 * 1024 * 1024;

/** @param path as this process sees the socket; @param socket as the host does */
export function connectCri(path: string, socket = path): Cri {
  const client = new Client(`unix:${path}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.initial_reconnect_backoff_ms': 500,
    'grpc.max_reconnect_backoff_ms': 5000,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
  });

  const call = <T>(name: string, request: object, schema: z.ZodType<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const { path: service, requestSerialize, responseDeserialize } = method(name);
      client.makeUnaryRequest(service, requestSerialize, responseDeserialize, request, new Metadata(), { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, response?: object) => {
          if (error) return reject(new CriError(`${name} of the runtime at ${socket}: ${error.details}`, error.code));
          const result = schema.safeParse(response);
          if (result.success) return resolve(result.data);
          const [issue] = result.error.issues;
          return reject(new CriError(`${name} of the runtime at ${socket}: ${issue?.path.join('.')}: ${issue?.message}`, status.INTERNAL));
        });
    });

  return {
    socket,
    version: () => call('Version', { version: 'v1' }, version),
    readySandboxes: async () => {
      const { items } = await call('ListPodSandbox', { filter: { state: { state: 'SANDBOX_READY' } } }, sandboxList);
      return items.filter(({ state }) => state === 'SANDBOX_READY').map(({ id }) => id);
    },
    runs: async (uid) => {
      const { items } = await call('ListPodSandbox', { filter: { labelSelector: { [podUidLabel]: uid } } }, sandboxList);
      return items.length > 0;
    },
    sandboxStatus: async (id) => {
      try {
        return await call('PodSandboxStatus', { podSandboxId: id, verbose: true }, sandboxStatus);
      } catch (error) {
        if (error instanceof CriError && error.code === status.NOT_FOUND) return undefined;
        throw error;
      }
    },
    events: (listener) => {
      const { path: service, requestSerialize, responseDeserialize } = method('GetContainerEvents');
      return listen(client.makeServerStreamRequest(service, requestSerialize, responseDeserialize, {}, new Metadata()), listener);
    },
    close: () => client.close(),
  };
}

class CriError extends Error {
  override readonly name = 'CriError';
  constructor(message: string, readonly code: status) {
    super(message);
  }
}

function listen(stream: ClientReadableStream<object>, listener: EventListener): () => void {
  let over = false;
  stream.on('data', (message: object) => {
    const event = containerEvent.safeParse(message);
    if (!over && event.success) listener.onEvent(event.data);
  });
  // Every end has a status; the error event repeats it and must have a listener.
  stream.on('error', () => undefined);
  stream.on('status', ({ code, details }) => {
    if (over) return;
    over = true;
    listener.onEnd(code === status.UNIMPLEMENTED, `${status[code]}: ${details}`);
  });
  return () => {
    over = true;
    stream.cancel();
  };
}

function method(name: string): ServiceDefinition[string] {
  const found = methods[name];
  if (found === undefined) throw new Error(`cri.proto has no method ${name}`);
  return found;
}

function runtimeService(): ServiceDefinition {
  const definitions = loadSync(join(__dirname, 'cri.proto'), { longs: Number, enums: String, defaults: true, arrays: true, objects: true });
  return definitions['runtime.v1.RuntimeService'] as ServiceDefinition;
}
