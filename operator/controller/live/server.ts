// The HTTPS server of the live API. It accepts only clients with the certificate of the API server's front proxy. The front proxy's headers
// name the user, and a SubjectAccessReview decides what the user may see.
import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { TLSSocket } from 'node:tls';
import { errorLine } from '../../base';
import { connectionsResource, liveGroup } from '../../api';
import { ApiError, type KubeClient } from '../../kube';
import { Admission, type AdmissionLimits, peerOf } from '../../ports';
import type { CertificatePair } from '../../protocol';
import { isAllowed } from './access';
import { bodyOf } from './body';
import { discovery } from './discovery';
import { type FrontProxy, type User, userOf } from './frontProxy';
import { listOf } from './objects';
import { askerOf, Places } from './places';
import type { Questions } from './questions';
import { Refusal } from './refusal';
import { type LiveRequest, readRequest } from './request';
import { streamEvents } from './stream';
import { withdrawal } from './withdrawal';
import { closeOf, written } from './written';

export interface LiveServerOptions {
  /** Address to listen at, such as `0.0.0.0` or `::`. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly tls: CertificatePair;
  readonly frontProxy: FrontProxy;
  readonly client: KubeClient;
  readonly questions: Pick<Questions, 'ask' | 'follow'>;
  readonly now: () => Date;
  readonly log: (level: 'info' | 'warn', message: string) => void;
  readonly times?: LiveTimes;
}

export interface LiveTimes {
  /** Most milliseconds until the client has read an answer that is complete; its connection is ended then. */
  readonly writeMs: number;
  /** Milliseconds between two checks whether the user of an open watch still has the right to it. */
  readonly checkAgainMs: number;
}

export interface LiveServer {
  readonly port: number;
  /** Sets certificate and front proxy for new connections. Open connections end when the front proxy's authority has changed. */
  use(tls: CertificatePair, frontProxy: FrontProxy): void;
  close(): Promise<void>;
}

const defaultTimes: LiveTimes = { writeMs: 30_000, checkAgainMs: 30_000 };

/**
 * Most open lists and watches of this server; an agent takes twice as many in all. A request is open until its answer has left the process. So the
 * answers that wait for their readers have at most 8 × 4 MiB (`maxListBytes`) of lists and 8 × 1 MiB of events.
 */
const listLimits = { all: 8, each: 4, reclaimAfterMs: 3000 };
const watchLimits = { all: 8, each: 4, reclaimAfterMs: 30_000 };
/** Most requests whose user's right is being checked. The namespaces that they name prove nothing yet, so only the askers share these places. */
const checkLimits = { all: 32, each: 16, reclaimAfterMs: 1000 };

/**
 * Limits for connections. The API server is the only real client, and its handshake takes milliseconds. Connections without the front proxy's
 * certificate must not keep it out: its handshake begins at once, and ends the oldest connection of the address with most places. Connections
 * of one address wait for each other, because a handshake that is begun and abandoned costs memory and CPU. When every place belongs to another
 * address, the oldest place is taken after 500 ms, which is much longer than the API server's handshake.
 */
const limits: AdmissionLimits = {
  waiting: 3072,
  unproven: { all: 64, lead: 2, reclaimAfterMs: 500 },
  quietSeconds: 3,
  unprovenSeconds: 3,
  waitingSeconds: 3,
  proven: 256,
};
/** The first byte of a TLS record with a ClientHello (RFC 8446, 5.1). */
const handshakeRecord = 0x16;

/** Serves the live API until `close`. @throws Error (rejection) when it cannot listen at the port */
export async function serveLive(options: LiveServerOptions): Promise<LiveServer> {
  let { frontProxy } = options;
  const times = options.times ?? defaultTimes;
  const places = { list: new Places('lists', listLimits), watch: new Places('watches', watchLimits) };
  const checks = new Places('requests', checkLimits);
  const secure = (tls: CertificatePair) => ({
    cert: tls.certificate,
    key: tls.key,
    ca: frontProxy.authority,
    secureOptions: constants.SSL_OP_NO_TICKET,
    minVersion: 'TLSv1.2' as const,
  });
  const server = createServer(
    // The headers may have many groups of a user.
    { ...secure(options.tls), requestCert: true, rejectUnauthorized: true, maxHeaderSize: 65_536, handshakeTimeout: 3000 },
    (request, response) => void answer(request, response).catch((error: unknown) => refuse(response, error)),
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    const peer = peerOf(socket);
    if (peer !== undefined && isFrontProxy(socket, frontProxy)) admission.markProven(peer);
  });
  const admission = new Admission(limits, {
    onAdmitted: (socket) => server.emit('connection', socket),
    begins: ([first]) => first === handshakeRecord,
  });
  const listener = createListener((socket) => admission.take(socket));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = closeOf(response);
    const user = identify(request, frontProxy);
    const { method = 'GET', url = '/' } = request;
    const document = method === 'GET' ? discovery[new URL(url, 'https://live').pathname.replace(/\/$/, '')] : undefined;
    if (document !== undefined) return send(response, 200, JSON.stringify(document));
    const asked = readRequest(method, url);
    const asker = askerOf(user.user);
    await mayAsk(user, asked, asker);
    const place = places[asked.verb].take({ asker, namespace: asked.namespace });
    try {
      if (asked.verb === 'list') await list(response, asked, place.lost);
      else {
        const mayStill = (signal: AbortSignal) => withdrawal(() => isAllowed(options.client, user, asked, signal), times.checkAgainMs, signal);
        await streamEvents(response, asked, { ...options, closed, lost: place.lost, withdrawal: mayStill });
      }
      await written(response, closed, place.lost, times.writeMs);
    } finally {
      place.giveBack();
    }
  }

  /** @throws Refusal unless the user has the right */
  async function mayAsk(user: User, asked: LiveRequest, asker: string): Promise<void> {
    const place = checks.take({ asker, namespace: asker });
    try {
      if (!(await isAllowed(options.client, user, asked, place.lost))) throw forbidden(user, asked);
    } catch (error) {
      place.lost.throwIfAborted();
      throw error;
    } finally {
      place.giveBack();
    }
  }

  async function list(response: ServerResponse, asked: LiveRequest, lost: AbortSignal): Promise<void> {
    const answers = await options.questions.ask(asked, asked.limit, lost);
    lost.throwIfAborted();
    send(response, 200, bodyOf(listOf(answers, asked.limit)));
  }

  function refuse(response: ServerResponse, error: unknown): void {
    const refusal = error instanceof Refusal ? error : brokenBy(error);
    if (!(error instanceof Refusal)) options.log('warn', `answer a request for live data: ${errorLine(error)}`);
    if (refusal.retryAfter !== undefined) response.setHeader('retry-after', refusal.retryAfter);
    if (response.headersSent) response.destroy();
    else send(response, refusal.code, JSON.stringify(refusal.status));
  }

  await new Promise<void>((resolve, reject) => {
    listener.once('error', (error) => reject(new Error(`listen for requests of live data at port ${options.port}: ${error.message}`)));
    listener.listen({ port: options.port, host: options.host, backlog: 2048 }, resolve);
  });
  return {
    port: (listener.address() as AddressInfo).port,
    use: (tls, next) => {
      const another = next.authority !== frontProxy.authority;
      frontProxy = next;
      server.setSecureContext(secure(tls));
      if (another) admission.drop();
    },
    // Ends connections in their handshake too, so that a leader that steps down does not wait for clients.
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        admission.cut();
      }),
  };
}

/** The user of a request. Headers count only with the front proxy's certificate: TLS has verified its authority, and its name is checked here. */
function identify(request: IncomingMessage, proxy: FrontProxy): User {
  if (!(request.socket instanceof TLSSocket) || !isFrontProxy(request.socket, proxy)) {
    throw new Refusal(401, 'Unauthorized', 'only the API server may connect, with the certificate of its front proxy');
  }
  const user = userOf(request.headersDistinct, proxy);
  if (user === undefined) throw new Refusal(401, 'Unauthorized', 'the headers of the API server name no user');
  return user;
}

function isFrontProxy(socket: TLSSocket, { allowedNames }: FrontProxy): boolean {
  const name = socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
  return typeof name === 'string' && (allowedNames.length === 0 || allowedNames.includes(name));
}

/** The refusal with the wording of the API server. */
function forbidden({ user }: User, { verb, namespace }: LiveRequest): Refusal {
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return new Refusal(
    403,
    'Forbidden',
    `${connectionsResource}.${liveGroup} is forbidden: User "${user}" cannot ${verb} resource "${connectionsResource}" in API group "${liveGroup}" ${where}`,
  );
}

function brokenBy(error: unknown): Refusal {
  if (error instanceof ApiError)
    return new Refusal(503, 'ServiceUnavailable', 'the API server cannot check the rights of this user now; try again', 1);
  return new Refusal(500, 'InternalError', 'the controller failed to answer the request; see its log');
}

function send(response: ServerResponse, code: number, json: string): void {
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(json);
}
