// The controller's side of the channel: authentication of agents, and limits for streams and messages.
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { addressOf } from '../ports';
import type { CertificatePair } from './certificate';
import { Door } from './door';
import type { FromController } from './messages';
import { listen, type Listener } from './listener';
import { Refused } from './refused';
import { type AgentSession, type SessionHandlers, SessionStream, type StreamLimits } from './session';
import { connectPath, encodeFromController, maxMessageBytes } from './wire';

/** Where a token comes from. */
export interface TokenSource {
  /** The client's IP address. */
  readonly address: string;
  /** True when an earlier token of the same stream was accepted. */
  readonly known: boolean;
  /** The token has to wait for long, so its connection gives its place to others meanwhile. The caller bounds how many wait. */
  readonly stepAside: () => void;
}

export interface ServeOptions<Identity> {
  /** `host:port`; port 0 takes a free port. */
  readonly address: string;
  readonly tls: CertificatePair;
  /**
   * Returns the identity of a token; `isOpen` is false once its stream has ended. Throws `NotAuthenticated` for a token that is not valid, or
   * `Refused` with another status. After any other error, or after a minute without a result, the agent gets UNAVAILABLE and tries again.
   */
  readonly authenticate: (token: string, isOpen: () => boolean, source: TokenSource) => Promise<Identity>;
  /** Called when an authenticated agent has sent Hello; the returned handlers get its further messages. May throw `Refused`. */
  readonly onStream: (session: AgentSession<Identity>) => SessionHandlers<Identity>;
  /** Called for every stream that was refused or ended with an error. `problem` is one line; `kind` is equal for repeated problems of an address. */
  readonly onRefused: (problem: string, kind: string) => void;
  /** Most agents at the same time; further ones get RESOURCE_EXHAUSTED. Default 10,000. */
  readonly maxStreams?: number;
  readonly limits?: Partial<StreamLimits>;
}

export interface AgentServer {
  readonly port: number;
  /** Uses another certificate for new connections; open streams go on. @throws Error when the pair is not valid */
  useCertificate(pair: CertificatePair): void;
  /** Stops listening and ends every stream with UNAVAILABLE, so that agents connect to the next leader. */
  close(): Promise<void>;
}

export const streamLimits: StreamLimits = {
  // authenticateMs is as long as the reviews of all other agents' tokens may take when all agents connect at once.
  authenticateMs: 60_000,
  helloMs: 10_000,
  silenceMs: 45_000,
  messageIntervalMs: 50,
  work: { burst: 100, perSecond: 20 },
  // A token is valid for ten minutes. The kubelet rotates it after eight, and agents read the file every minute.
  tokenAgeMs: 900_000,
  tokenRetryMs: 10_000,
};

/** Milliseconds in which a client reads the last status of its stream, before its connection is closed. */
const leftMs = 2000;
/** The same for a client whose token was refused: it has one of few places meanwhile. */
const refusedMs = 500;

/** Listens for agents. @throws Error (rejection) when the address cannot be bound or the certificate is not valid */
export async function serveAgents<Identity>(options: ServeOptions<Identity>): Promise<AgentServer> {
  const { authenticate, onStream, onRefused, maxStreams = 10_000 } = options;
  const limits = { ...streamLimits, ...options.limits };
  const streams = new Set<SessionStream<Identity>>();
  /** Streams whose token was accepted → address and port of their connection. */
  const agents = new Map<SessionStream<Identity>, string>();
  let closing = false;

  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    // An agent has one stream. The second lets it open a new one while the old one is still being ended.
    'grpc.max_concurrent_streams': 2,
    'grpc.max_connection_idle_ms': 30_000,
    // Channelz is not served, and it would keep a record of every connection.
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    interceptors: [
      reportErrors(
        () => door.peer(),
        (problem, kind) => closing || onRefused(problem, kind),
      ),
    ],
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const door = new Door(options.tls, {
    onConnection: (plain) => injector.injectConnection(plain),
    onRefused: (problem, kind) => closing || onRefused(problem, kind),
  });
  const { admission } = door;

  server.addService(service, {
    Connect: (call: ServerDuplexStream<Buffer, FromController>) => {
      const full = (): boolean => agents.size >= maxStreams;
      const tooMany = `the limit of ${maxStreams} agents is reached`;
      if (closing || full()) {
        call.emit('error', {
          code: closing ? status.UNAVAILABLE : status.RESOURCE_EXHAUSTED,
          details: closing ? 'the controller is stopping' : tooMany,
        });
        return;
      }
      const peer = door.peer();
      const address = addressOf(peer);
      const identify = async (token: string, isOpen: () => boolean): Promise<Identity> => {
        const known = agents.has(stream);
        admission.beginAnswer(peer);
        try {
          const identity = await authenticate(token, isOpen, { address, known, stepAside: () => admission.stepAside(peer) });
          if (known || !isOpen()) return identity;
          if (full() || !door.prove(peer)) throw new Refused(status.RESOURCE_EXHAUSTED, tooMany);
          agents.set(stream, peer);
          return identity;
        } finally {
          admission.endAnswer(peer);
        }
      };
      const stream: SessionStream<Identity> = new SessionStream(
        { call, peer },
        { authenticate: identify, onStream, onRefused: (problem) => onRefused(problem, `${address} failed`) },
        limits,
        () => {
          streams.delete(stream);
          const ms = agents.delete(stream) ? leftMs : refusedMs;
          // An agent opens a new connection for its next stream, so this one is of no further use.
          setTimeout(() => [...agents.values()].includes(peer) || admission.end(peer), ms).unref();
        },
      );
      streams.add(stream);
      void stream.run(bearer(call.metadata));
    },
  });

  const listener = await listen(options.address, {
    onConnection: (socket) => door.take(socket),
    onProblem: (problem) => onRefused(problem, 'listener'),
  });

  return {
    port: listener.port,
    useCertificate: (pair) => door.useCertificate(pair),
    close: async () => {
      closing = true;
      admission.close();
      listener.close();
      for (const stream of [...streams]) stream.end(status.UNAVAILABLE, 'the controller is stopping');
      await shutdown(server, listener);
    },
  };
}

const service = {
  Connect: {
    path: connectPath,
    requestStream: true,
    responseStream: true,
    requestSerialize: (): Buffer => {
      throw new Error('a server does not send requests');
    },
    // The session decodes a message when it reads it, so that it can bound what that costs.
    requestDeserialize: (bytes: Buffer): Buffer => bytes,
    responseSerialize: encodeFromController,
    responseDeserialize: (): never => {
      throw new Error('a server does not read responses');
    },
  },
} as const;

function bearer(metadata: Metadata): string | undefined {
  const [value] = metadata.get('authorization');
  return typeof value === 'string' && value.startsWith('Bearer ') ? value.slice('Bearer '.length) : undefined;
}

/**
 * An interceptor that reports every status other than OK, also those that grpc-js sends by itself, as for a message that is too large for a
 * handler to see. grpc-js calls `sendStatus` of the innermost call for them, so that method is wrapped.
 */
function reportErrors(peerOfCall: () => string, onRefused: (problem: string, kind: string) => void): ServerInterceptor {
  return (_method, call) => {
    const peer = peerOfCall();
    const sendStatus = call.sendStatus.bind(call);
    let reported = false;
    call.sendStatus = (sent): void => {
      if (sent.code !== status.OK && !reported) {
        reported = true;
        const why = `${status[sent.code]}: ${sent.details}`;
        onRefused(`stream of ${peer} ended with ${why}`, `${addressOf(peer)} ${why}`);
      }
      sendStatus(sent);
    };
    return new ServerInterceptingCall(call);
  };
}

/** Gives streams two seconds to send their last status, then closes every connection, also those in a TLS handshake. */
function shutdown(server: Server, listener: Listener): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => listener.cut(), 2000);
    server.tryShutdown(() => {
      clearTimeout(cut);
      listener.cut();
      resolve();
    });
  });
}
