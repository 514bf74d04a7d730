// A proxy in front of a real API server, over TLS, which makes faults when a test asks for them. Each request, also a watch, has its own fault.
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { testAuthority } from '../../../operator/protocol/certificates.testing';
import { isWatch, RequestLog } from './requestLog';

/** What the proxy does with a request. */
export type Verdict =
  | { readonly do: 'pass' }
  /** The proxy itself answers, with a Status as an API server writes it. */
  | { readonly do: 'answer'; readonly code: number; readonly reason: string; readonly retryAfterSeconds?: number }
  /** The request is passed on after this time. */
  | { readonly do: 'delay'; readonly ms: number }
  /** The request is neither passed on nor answered. */
  | { readonly do: 'swallow' }
  /** The connection is reset, and the request is not passed on. */
  | { readonly do: 'reset' }
  /** The request is passed on, and the connection is reset when the API server has answered: the answer is lost. */
  | { readonly do: 'lose'; readonly done?: () => void }
  /** The proxy answers with 200, sends no event and ends the answer without an error: the watch is closed in good order as soon as it is open. */
  | { readonly do: 'end' };

export type Fault = (request: IncomingMessage) => Verdict;

const pass: Fault = () => ({ do: 'pass' });

export class FaultProxy {
  /** Every request that has arrived at the proxy. */
  readonly requests = new RequestLog();
  private fault: Fault = pass;
  private readonly sockets = new Set<Socket>();
  /** Connections that stay open and are dead: requests on them are dropped and never answered. */
  private readonly deaf = new WeakSet<Socket>();
  private readonly watches = new Set<ServerResponse>();
  private readonly upstream = new Agent({ keepAlive: true, rejectUnauthorized: false });

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.take(request, response));
    server.on('secureConnection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket)).on('error', () => undefined);
    });
    // The proxy keeps idle connections open for longer than a client does.
    server.keepAliveTimeout = 300_000;
    server.requestTimeout = 0;
  }

  /** @param target address of the API server, for example `https://127.0.0.1:6443` */
  static async start(target: string): Promise<FaultProxy> {
    const { certificate, key } = testAuthority().issue('proxy.test');
    const server = createServer({ cert: certificate, key });
    const proxy = new FaultProxy(server, new URL(target));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
    this.upstream.destroy();
  }

  /** Applies this fault to all requests from now on. */
  breaks(fault: Fault): void {
    this.fault = fault;
  }

  mend(): void {
    this.fault = pass;
  }

  /** Closes every open connection. */
  cutConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Lets every open connection go dead without closing it; new connections work. */
  deafenConnections(): void {
    for (const socket of this.sockets) this.deaf.add(socket);
  }

  /** Cuts the client off from the API server without closing anything: open connections are dead, and until `mend` so are new ones. */
  partition(): void {
    this.deafenConnections();
    this.breaks(() => ({ do: 'swallow' }));
  }

  /** Ends every open watch without an error, as an API server does after some minutes. */
  endWatches(): void {
    for (const response of this.watches) response.end();
  }

  /** Sends an event on every open watch. */
  tellWatches(event: object): void {
    for (const response of this.watches) response.write(`${JSON.stringify(event)}\n`);
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    this.requests.add(request);
    if (this.deaf.has(request.socket)) return;
    const verdict = this.fault(request);
    switch (verdict.do) {
      case 'pass':
        return this.forward(request, response);
      case 'swallow':
        return;
      case 'delay':
        setTimeout(() => this.forward(request, response), verdict.ms);
        return;
      case 'reset':
        request.socket.destroy();
        return;
      case 'lose':
        return this.forward(request, response, () => {
          verdict.done?.();
          request.socket.destroy();
        });
      case 'end':
        response.writeHead(200, { 'content-type': 'application/json' }).end();
        return;
      case 'answer':
        return answer(response, verdict);
    }
  }

  /** @param instead is called when the head of the answer arrives; the answer is not passed on then */
  private forward(request: IncomingMessage, response: ServerResponse, instead?: () => void): void {
    const send = this.target.protocol === 'http:' ? httpRequest : httpsRequest;
    const { method, headers } = request;
    const sent = send(new URL(request.url ?? '/', this.target), { method, headers, agent: this.upstream }, (answered) => {
      if (instead !== undefined) {
        answered.resume();
        return instead();
      }
      this.handOn(request, answered, response);
    });
    sent.on('error', () => request.socket.destroy());
    response.once('close', () => sent.destroy());
    request.pipe(sent);
  }

  private handOn(request: IncomingMessage, answered: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (this.deaf.has(socket)) return void answered.resume();
    response.writeHead(answered.statusCode ?? 502, answered.headers);
    response.flushHeaders();
    if (isWatch(request)) {
      this.watches.add(response);
      response.once('close', () => this.watches.delete(response));
    }
    const heard = (): boolean => !this.deaf.has(socket);
    answered.on('data', (chunk: Buffer) => heard() && response.write(chunk));
    answered.on('end', () => heard() && response.end());
    answered.on('error', () => heard() && socket.destroy());
  }
}

function answer(response: ServerResponse, { code, reason, retryAfterSeconds }: Extract<Verdict, { do: 'answer' }>): void {
  const wait = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'a fault on purpose', reason, code };
  response.writeHead(code, { 'content-type': 'application/json', ...wait }).end(JSON.stringify(status));
}
