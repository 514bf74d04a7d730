// The controller's side of the channel: TLS, who may speak, what they may say and how much of it.
import {
  experimental,
  type Metadata,
  Server,
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { addressOf, Admission, type AdmissionLimits } from '../ports';
import { type CertificatePair, ServerCertificate } from './certificate';
import type { FromAgent, FromController } from './messages';
import { listen, type Listener } from './listener';
import { Refused } from './refused';
import { type AgentSession, type SessionHandlers, SessionStream, type StreamLimits } from './session';
import { connectPath, decodeFromAgent, encodeFromController, type Incoming, maxMessageBytes } from './wire';

/** Who shows a token. */
export interface Asker {
  readonly address: string;
  /** Its stream is that of an agent, which shows its next token. */
  readonly known: boolean;
}

export interface ServeOptions<Identity> {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  readonly tls: CertificatePair;
  /**
   * Tells who shows the token; `wanted` says whether its stream is still there. Throws `NotAuthenticated` for a wrong one,
   * or `Refused` with another status; any other error, or no answer in a minute, is UNAVAILABLE to the agent, which then
   * tries again.
   */
  readonly authenticate: (token: string, wanted: () => boolean, asker: Asker) => Promise<Identity>;
  /** Called once an authenticated agent has said Hello; what it returns hears the rest. May throw `Refused`. */
  readonly onStream: (session: AgentSession<Identity>) => SessionHandlers<Identity>;
  /** Every stream that was refused or ended with an error: one line, for the log; `kind` is the same for what one address is refused for again and again. */
  readonly onRefused: (problem: string, kind: string) => void;
  /** Most agents at a time; further ones see RESOURCE_EXHAUSTED. */
  readonly maxStreams?: number;
  readonly limits?: Partial<StreamLimits>;
}

export interface AgentServer {
  readonly port: number;
  /** Puts a new certificate in force for new connections; streams that are open go on. */
  useCertificate(pair: CertificatePair): void;
  /** Ends every stream with UNAVAILABLE, so that agents look for the next controller, and stops listening. */
  close(): Promise<void>;
}

export const streamLimits: StreamLimits = {
  // As long as the line of those who are looked at before it may be when all agents come at once.
  authenticateMs: 60_000, helloMs: 10_000, silenceMs: 45_000, messageIntervalMs: 50,
  // The kubelet makes a new token of ten minutes after eight; agents look for it every minute.
  tokenAgeMs: 900_000, tokenRetryMs: 10_000,
};

/**
 * Before anybody is an agent: after a change of leader all come at once, and all may wait, also behind one address. Handshakes, streams and
 * tokens are for 192 of them at a time: at some 80 KiB each that is 15 MiB, and more than the CPU and the reviews of tokens keep up with,
 * so that it holds up nobody. An address with two places more than another gives way to it.
 */
const admissionLimits: AdmissionLimits = {
  waiting: 8192, unproven: { all: 192, lead: 2 }, quietSeconds: 5, unprovenSeconds: 15, waitingSeconds: 60, proven: 20_000,
};
/** The last status of a stream is read within this time. */
const leftMs = 2000;
/** Of a TLS record with a ClientHello (RFC 8446, 5.1). */
const handshakeRecord = 0x16;

/** Listens for agents. Rejects when the address cannot be bound or the certificate cannot be read. */
export async function serveAgents<Identity>(options: ServeOptions<Identity>): Promise<AgentServer> {
  const { authenticate, onStream, onRefused, maxStreams = 10_000 } = options;
  const limits = { ...streamLimits, ...options.limits };
  const certificate = new ServerCertificate(options.tls);
  const streams = new Set<SessionStream<Identity>>();
  /** Those whose token was accepted, with the connection they are on. */
  const agents = new Map<SessionStream<Identity>, string>();
  let closing = false;

  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    // An agent opens one stream; the second lets a reconnecting one in while the old one is still being ended.
    'grpc.max_concurrent_streams': 2,
    'grpc.max_connection_idle_ms': 30_000,
    // Nobody asks for it, and every connection would be kept count of.
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    interceptors: [reportErrors((problem, kind) => closing || onRefused(problem, kind))],
  });

  server.addService(service, {
    Connect: (call: ServerDuplexStream<Incoming<FromAgent>, FromController>) => {
      const full = (): boolean => agents.size >= maxStreams;
      const tooMany = `the limit of ${maxStreams} agents is reached`;
      if (closing || full()) {
        call.emit('error', { code: closing ? status.UNAVAILABLE : status.RESOURCE_EXHAUSTED, details: closing ? 'the controller is stopping' : tooMany });
        return;
      }
      const peer = call.getPeer();
      const address = addressOf(peer);
      const identify = async (token: string, wanted: () => boolean): Promise<Identity> => {
        const known = agents.has(stream);
        admission.beginAnswer(peer);
        try {
          const identity = await authenticate(token, wanted, { address, known });
          if (known || !wanted()) return identity;
          if (full() || !admission.markProven(peer)) throw new Refused(status.RESOURCE_EXHAUSTED, tooMany);
          agents.set(stream, peer);
          return identity;
        } finally {
          admission.endAnswer(peer);
        }
      };
      const stream: SessionStream<Identity> = new SessionStream(call, { authenticate: identify, onStream, onRefused: (problem) => onRefused(problem, `${address} failed`) }, limits, () => {
        streams.delete(stream);
        // An agent makes a new connection for its next stream: what it leaves is no place to stay.
        if (agents.delete(stream) && ![...agents.values()].includes(peer)) setTimeout(() => admission.end(peer), leftMs).unref();
      });
      streams.add(stream);
      void stream.run(bearer(call.metadata));
    },
  });

  const credentials = experimental.createCertificateProviderServerCredentials(certificate, null, false);
  const injector = server.createConnectionInjector(credentials);
  const admission = new Admission(admissionLimits, { onAdmitted: (socket) => injector.injectConnection(socket), begins: ([first]) => first === handshakeRecord });
  const listener = await listen(options.address, { onConnection: (socket) => admission.take(socket), onProblem: (problem) => onRefused(problem, 'listener') });

  return {
    port: listener.port,
    useCertificate: (pair) => certificate.use(pair),
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
    requestDeserialize: decodeFromAgent,
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
 * Sees every status that is not OK, also those grpc-js sends by itself (an oversized message never reaches a handler):
 * grpc-js calls `sendStatus` of the innermost call for them, so that is where we listen.
 */
function reportErrors(onRefused: (problem: string, kind: string) => void): ServerInterceptor {
  return (_method, call) => {
    const sendStatus = call.sendStatus.bind(call);
    let told = false;
    call.sendStatus = (sent): void => {
      if (sent.code !== status.OK && !told) {
        told = true;
        const peer = call.getPeer();
        const why = `${status[sent.code]}: ${sent.details}`;
        onRefused(`stream of ${peer} ended with ${why}`, `${addressOf(peer)} ${why}`);
      }
      sendStatus(sent);
    };
    return new ServerInterceptingCall(call);
  };
}

/** Streams get two seconds to take their last status; then the connections are cut, also those that are still shaking hands. */
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
