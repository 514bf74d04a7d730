// Who may ask the console for what. A page of another site can send requests to this port, and a name of its own can be made to lead here;
// neither may see or change anything.
import { timingSafeEqual, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Proves that a request comes from the page that this launch handed out; 256 bits, as in a URL. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export interface Refusal {
  readonly status: 401 | 403 | 405 | 415;
  /** One line for the person at the other end. */
  readonly why: string;
}

/** Names that the page may be opened under; anything else is another site's name for this address. */
export function originsOf(port: number): readonly string[] {
  return ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${port}`);
}

type Request = Pick<IncomingMessage, 'method' | 'headers'>;

/** For every request. Undefined when there is nothing to say against it. */
export function refusalOf({ method = '', headers }: Request, port: number): Refusal | undefined {
  const origins = originsOf(port);
  if (!origins.includes(`http://${headers.host ?? ''}`)) return { status: 403, why: 'this address was reached under a foreign name; open the address that accelctl printed' };
  if (headers.origin !== undefined && !origins.includes(headers.origin)) return { status: 403, why: 'a page of another site asked' };
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return { status: 403, why: 'a page of another site asked' };
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return { status: 405, why: `${method} is not known here` };
  return undefined;
}

/** Beside `refusalOf`, for what shows or changes the cluster. */
export function apiRefusalOf({ method = '', headers }: Request, secret: string): Refusal | undefined {
  if (!isSecret(headers.authorization, secret)) return { status: 401, why: 'the secret of this launch is missing; open the address that accelctl printed' };
  if (method !== 'POST') return undefined;
  // A browser sends the origin with every POST; what sends none is not the page.
  if (headers.origin === undefined) return { status: 403, why: 'a change is only taken from the page' };
  // Any other type could be sent by a form of another site without asking first.
  return headers['content-type'] === 'application/json' ? undefined : { status: 415, why: 'a change is sent as application/json' };
}

function isSecret(authorization: string | undefined, secret: string): boolean {
  const [given, wanted] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${secret}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Headers of every answer. @param scriptHashes of the scripts that stand in the page itself */
export function headersWith(scriptHashes: readonly string[]): Record<string, string> {
  const scripts = ["'self'", ...scriptHashes.map((hash) => `'${hash}'`)].join(' ');
  return {
    'content-security-policy':
      `default-src 'none'; script-src ${scripts}; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  };
}
