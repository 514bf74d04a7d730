// The console's HTTP server: listens on loopback only, and answers only the page that this launch has served.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorLine } from '../../base';
import { plainLines } from '../../api';
import type { Cluster } from '../cluster';
import { Failure } from '../exit';
import { inlineScriptHashes, readAssets } from './assets';
import { apiRefusalOf, changeRefusalOf, Door, headersWith, refusalOf } from './guard';
import { routes } from './routes';

export interface ConsoleServer {
  readonly port: number;
  /** The code of the first address. */
  readonly code: string;
  close(): Promise<void>;
}

export interface ConsoleOptions {
  readonly cluster: Cluster;
  /** What every request to /api needs, except the one that gets it for the code of an address. */
  readonly secret: string;
  /** Called with the code of the next address, when a page has been opened by the last one. */
  readonly onEntered: (code: string) => void;
  /** 0 for a free port. */
  readonly port: number;
}

/** The longest change, with the name of a namespace, is below 300 bytes. */
const maxBodyBytes = 4_096;

/** Starts the server. @throws Failure when the port is in use */
export async function serveConsole({ cluster, secret, port: wanted, onEntered }: ConsoleOptions): Promise<ConsoleServer> {
  const assets = readAssets();
  const door = new Door(secret, onEntered);
  const headers = headersWith(inlineScriptHashes(assets.get('/')?.body.toString('utf8') ?? ''));
  const server = createServer({ requestTimeout: 30_000, maxHeaderSize: 16_384 }, (request, response) => {
    const send = (status: number, type: string, body: string | Buffer): void =>
      void response.writeHead(status, { ...headers, 'content-type': type }).end(request.method === 'HEAD' ? '' : body);
    answer(request, response, send).catch((error: unknown) => send(500, 'application/json', shown({ error: errorLine(error) })));
  });

  async function answer(
    request: IncomingMessage,
    _response: ServerResponse,
    send: (status: number, type: string, body: string | Buffer) => void,
  ): Promise<void> {
    const refuse = ({ status, why }: { status: number; why: string }): void => send(status, 'application/json', shown({ error: why }));
    const refusal = refusalOf(request, portOf());
    if (refusal !== undefined) return refuse(refusal);
    const [path = '/'] = (request.url ?? '/').split('?');
    if (!path.startsWith('/api/')) {
      const asset = request.method === 'POST' ? undefined : assets.get(path);
      return asset === undefined ? refuse({ status: 404, why: `there is no ${path.slice(0, 100)}` }) : send(200, asset.type, asset.body);
    }
    if (request.method === 'POST' && path === '/api/enter') {
      const entered = changeRefusalOf(request) ?? door.enter(request.headers.authorization);
      return 'secret' in entered ? send(200, 'application/json', shown(entered)) : refuse(entered);
    }
    const apiRefusal = apiRefusalOf(request, secret);
    if (apiRefusal !== undefined) return refuse(apiRefusal);
    const route = Object.hasOwn(routes, `${request.method} ${path}`) ? routes[`${request.method} ${path}`] : undefined;
    if (route === undefined) return refuse({ status: 404, why: `there is no ${path.slice(0, 100)}` });
    try {
      send(200, 'application/json', shown(await route(cluster, request.method === 'POST' ? await bodyOf(request) : undefined)));
    } catch (error) {
      refuse({ status: error instanceof Failure ? 409 : 500, why: errorLine(error) });
    }
  }

  const portOf = (): number => (server.address() as AddressInfo).port;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Failure(`listening on 127.0.0.1:${wanted}: ${error.message}; choose another --port, or omit it`)));
    server.listen(wanted, '127.0.0.1', resolve);
  });
  return {
    port: portOf(),
    code: door.current,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The value as JSON, with control characters and bidirectional overrides in its texts escaped: names and messages are untrusted. */
function shown(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'string' ? plainLines(each) : each));
}

/** The body of a change. @throws Failure when it is too long or is no JSON */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new Failure(`reading the change: the body is longer than ${maxBodyBytes} bytes; load the page again`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Failure('reading the change: the body is not JSON; load the page again');
  }
}
