// The live API's HTTPS server. Nobody gets a word in without the client certificate of the API server's front proxy; who the user is
// says the front proxy, whether he may look says a SubjectAccessReview.
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
import { mayLook } from './access';
import { discovery } from './discovery';
import { type FrontProxy, type User, userOf } from './frontProxy';
import { listOf } from './objects';
import { Places } from './places';
import type { Questions } from './questions';
import { Refusal } from './refusal';
import { type LiveRequest, readRequest } from './request';
import { streamEvents } from './stream';

export interface LiveServerOptions {
  /** As in `0.0.0.0` or `::`. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: CertificatePair;
  readonly frontProxy: FrontProxy;
  readonly client: KubeClient;
  readonly questions: Pick<Questions, 'ask' | 'follow'>;
  readonly now: () => Date;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

export interface LiveServer {
  readonly port: number;
  /** For new connections; those that are open end when the front proxy's authority is another. */
  use(tls: CertificatePair, frontProxy: FrontProxy): void;
  close(): Promise<void>;
}

/** An agent takes twice as many in all. */
const listLimits = { all: 8, each: 4 };
const watchLimits = { all: 8, each: 4 };

/**
 * The API server is the only real client, and shakes hands within milliseconds. Whoever has not shown the front proxy's certificate takes no
 * place of it: its handshake is begun at once, at the cost of the oldest of the address that has most. Those of one address wait for one
 * another, because a handshake that is begun and given up for the next costs memory and CPU. When as many addresses as there are places hold
 * one each, the oldest gives way after a time in which the API server would long have been done.
 */
const limits: AdmissionLimits = { waiting: 3072, unproven: { all: 64, lead: 2, reclaimAfterMs: 500 }, quietSeconds: 3, unprovenSeconds: 3, waitingSeconds: 3, proven: 256 };
/** Of a TLS record with a ClientHello (RFC 8446, 5.1). */
const handshakeRecord = 0x16;

/** Rejects when the port is taken. */
export async function serveLive(options: LiveServerOptions): Promise<LiveServer> {
  let { frontProxy } = options;
  const places = { list: new Places('lists', listLimits), watch: new Places('watches', watchLimits) };
  const secure = (tls: CertificatePair) => ({ cert: tls.certificate, key: tls.key, ca: frontProxy.authority, secureOptions: constants.SSL_OP_NO_TICKET, minVersion: 'TLSv1.2' as const });
  const server = createServer(
    // The groups of a user may be many.
    { ...secure(options.tls), requestCert: true, rejectUnauthorized: true, maxHeaderSize: 65_536, handshakeTimeout: 3000 },
    (request, response) => void answer(request, response).catch((error: unknown) => refuse(response, error)),
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    const peer = peerOf(socket);
    if (peer !== undefined && isFrontProxy(socket, frontProxy)) admission.markProven(peer);
  });
  const admission = new Admission(limits, { onAdmitted: (socket) => server.emit('connection', socket), begins: ([first]) => first === handshakeRecord });
  const listener = createListener((socket) => admission.take(socket));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const user = identify(request, frontProxy);
    const { method = 'GET', url = '/' } = request;
    const document = method === 'GET' ? discovery[new URL(url, 'https://live').pathname.replace(/\/$/, '')] : undefined;
    if (document !== undefined) return send(response, 200, document);
    const asked = readRequest(method, url);
    const giveBack = places[asked.verb].take(user.user);
    try {
      if (!(await mayLook(options.client, user, asked.verb, asked.namespace))) throw forbidden(user, asked);
      if (asked.verb === 'list') send(response, 200, listOf(await options.questions.ask(asked, asked.limit), asked.limit));
      else await streamEvents(response, asked, options);
    } finally {
      giveBack();
    }
  }

  function refuse(response: ServerResponse, error: unknown): void {
    const refusal = error instanceof Refusal ? error : brokenBy(error);
    if (!(error instanceof Refusal)) options.log('warn', `answering a request for live data: ${errorLine(error)}`);
    if (refusal.retryAfter !== undefined) response.setHeader('retry-after', refusal.retryAfter);
    if (response.headersSent) response.destroy();
    else send(response, refusal.code, refusal.status);
  }

  await new Promise<void>((resolve, reject) => {
    listener.once('error', (error) => reject(new Error(`listening for the API server at port ${options.port}: ${error.message}`)));
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
    // Those in their handshake too: a leader that steps down waits for nobody.
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        admission.cut();
      }),
  };
}

/** Headers count only under the front proxy's certificate: signed by its authority, which TLS has checked, and by one of its names. */
function identify(request: IncomingMessage, proxy: FrontProxy): User {
  if (!(request.socket instanceof TLSSocket) || !isFrontProxy(request.socket, proxy)) {
    throw new Refusal(401, 'Unauthorized', 'only the API server may ask here, by the certificate of its front proxy');
  }
  const user = userOf(request.headersDistinct, proxy);
  if (user === undefined) throw new Refusal(401, 'Unauthorized', 'the API server has not said who asks');
  return user;
}

function isFrontProxy(socket: TLSSocket, { allowedNames }: FrontProxy): boolean {
  const name = socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
  return typeof name === 'string' && (allowedNames.length === 0 || allowedNames.includes(name));
}

/** In the API server's own words. */
function forbidden({ user }: User, { verb, namespace }: LiveRequest): Refusal {
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return new Refusal(403, 'Forbidden', `${connectionsResource}.${liveGroup} is forbidden: User "${user}" cannot ${verb} resource "${connectionsResource}" in API group "${liveGroup}" ${where}`);
}

function brokenBy(error: unknown): Refusal {
  if (error instanceof ApiError) return new Refusal(503, 'ServiceUnavailable', 'the API server cannot say now whether this user may look; try again', 1);
  return new Refusal(500, 'InternalError', 'the controller failed on the request; see its log');
}

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}
