// A client of the container runtime's gRPC API at its unix socket, with checked answers.
import { join } from 'node:path';
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import type { z } from 'zod';
import { type ContainerEvent, containerEvent, sandboxList, type SandboxStatus, sandboxStatus, type Version, version } from './sandbox';

export interface EventListener {
  onEvent(event: ContainerEvent): void;
  /** The stream has ended; `unsupported` is true when the runtime does not implement it. */
  onEnd(unsupported: boolean, reason: string): void;
}

/** The calls of the Container Runtime Interface that the agent uses. A failed call rejects with an Error of one line. */
export interface Cri {
  /** Path of the socket on the host; empty while it is not known. */
  readonly socket: string;
  version(): Promise<Version>;
  /** Ids of ready sandboxes. */
  readySandboxes(): Promise<string[]>;
  /** True when the runtime has a sandbox of the pod with this UID. */
  runs(podUid: string): Promise<boolean>;
  /** The status of a sandbox; undefined when it does not exist any more. */
  sandboxStatus(id: string): Promise<SandboxStatus | undefined>;
  /** Subscribes to events. The returned function ends that, without a call of `onEnd`. */
  events(listener: EventListener): () => void;
  close(): void;
}

/** The label with the pod's UID, which the kubelet adds to every sandbox (k8s.io/kubelet/pkg/types/labels.go). */
const podUidLabel = 'io.kubernetes.pod.uid';
const methods = runtimeService();
const deadlineMs = 10_000;
/** Most bytes of an answer, the same as in the kubelet: a node has some hundred pods, each with up to 256 KiB of labels and annotations. */
const maxMessageBytes = 16 * 1024 * 1024;

/** A client of the runtime. @param path path of the socket for this process @param socket path on the host, for messages */
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
      client.makeUnaryRequest(
        service,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, response?: object) => {
          if (error) return reject(new CriError(`${name} of the runtime at ${socket}: ${error.details}`, error.code));
          const result = schema.safeParse(response);
          if (result.success) return resolve(result.data);
          const [issue] = result.error.issues;
          return reject(new CriError(`${name} of the runtime at ${socket}: ${issue?.path.join('.')}: ${issue?.message}`, status.INTERNAL));
        },
      );
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
  constructor(
    message: string,
    readonly code: status,
  ) {
    super(message);
  }
}

function listen(stream: ClientReadableStream<object>, listener: EventListener): () => void {
  let over = false;
  stream.on('data', (message: object) => {
    const event = containerEvent.safeParse(message);
    if (!over && event.success) listener.onEvent(event.data);
  });
  // Every stream ends with a status. The error event repeats it, and Node requires a listener for that event.
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
