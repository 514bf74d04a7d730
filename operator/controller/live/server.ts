// The live API's HTTPS server. Nobody gets a word in without the client certificate of the API server's front proxy; who the user is
// says the front proxy, whether he may look says a SubjectAccessReview.
import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { connectionsResource, liveGroup } from '../../api';
import { ApiError, type KubeClient, messageOf } from '../../kube';
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

/** Rejects when the port is taken. */
export async function serveLive(options: LiveServerOptions): Promise<LiveServer> {
  let { frontProxy } = options;
  const places = { list: new Places('lists', listLimits), watch: new Places('watches', watchLimits) };
  const secure = (tls: CertificatePair) => ({ cert: tls.certificate, key: tls.key, ca: frontProxy.authority, secureOptions: constants.SSL_OP_NO_TICKET, minVersion: 'TLSv1.2' as const });
  const server = createServer(
    // The groups of a user may be many.
    { ...secure(options.tls), requestCert: true, rejectUnauthorized: true, maxHeaderSize: 65_536, headersTimeout: 5000, requestTimeout: 10_000 },
    (request, response) => void answer(request, response).catch((error: unknown) => refuse(response, error)),
  );
  server.maxConnections = 64;
  // Those in their handshake too, which closeAllConnections() does not know: a leader that steps down waits for nobody.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const cut = (): void => sockets.forEach((socket) => socket.destroy());

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
    if (!(error instanceof Refusal)) options.log('warn', `answering a request for live data: ${messageOf(error)}`);
    if (refusal.retryAfter !== undefined) response.setHeader('retry-after', refusal.retryAfter);
    if (response.headersSent) response.destroy();
    else send(response, refusal.code, refusal.status);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`listening for the API server at port ${options.port}: ${error.message}`)));
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    use: (tls, next) => {
      const another = next.authority !== frontProxy.authority;
      frontProxy = next;
      server.setSecureContext(secure(tls));
      if (another) cut();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

/** Headers count only under the front proxy's certificate: signed by its authority, which TLS has checked, and by one of its names. */
function identify(request: IncomingMessage, proxy: FrontProxy): User {
  const { socket } = request;
  const { allowedNames } = proxy;
  const name = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
  if (typeof name !== 'string' || (allowedNames.length > 0 && !allowedNames.includes(name))) {
    throw new Refusal(401, 'Unauthorized', 'only the API server may ask here, by the certificate of its front proxy');
  }
  const user = userOf(request.headersDistinct, proxy);
  if (user === undefined) throw new Refusal(401, 'Unauthorized', 'the API server has not said who asks');
  return user;
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
