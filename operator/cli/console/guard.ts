// Which requests the console answers. A page of another site can send requests to this port, and its host name can resolve to this address
// (DNS rebinding); such requests must not read or change anything.
import { timingSafeEqual, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A new secret or code of 256 bits, in base64url. A request with the secret comes from the page that this launch has served. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export interface Refusal {
  readonly status: 401 | 403 | 405 | 415;
  /** One line for the user. */
  readonly why: string;
}

/** The origins under which the page may be opened. */
export function originsOf(port: number): readonly string[] {
  return ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${port}`);
}

type Request = Pick<IncomingMessage, 'method' | 'headers'>;

/** Checks host, origin and method of any request. Undefined when the request may be answered. */
export function refusalOf({ method = '', headers }: Request, port: number): Refusal | undefined {
  const origins = originsOf(port);
  if (!origins.includes(`http://${headers.host ?? ''}`))
    return { status: 403, why: "the Host header is not the console's address; open the address that accelctl printed" };
  if (headers.origin !== undefined && !origins.includes(headers.origin))
    return { status: 403, why: 'the request comes from a page of another site; open the address that accelctl printed' };
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return { status: 403, why: 'the request comes from a page of another site; open the address that accelctl printed' };
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return { status: 405, why: `the console has no method ${method}; use GET or POST` };
  return undefined;
}

/** Checks a request to /api, after `refusalOf`: its secret, and for a change its origin and content type. */
export function apiRefusalOf({ method = '', headers }: Request, secret: string): Refusal | undefined {
  if (!isSecret(headers.authorization, secret))
    return { status: 401, why: 'the request lacks the secret of this launch; open the address that accelctl printed' };
  if (method !== 'POST') return undefined;
  return changeRefusalOf({ headers });
}

/** Checks the origin and the content type of a POST. */
export function changeRefusalOf({ headers }: Pick<Request, 'headers'>): Refusal | undefined {
  // A browser sends the origin with every POST, so a request without it does not come from the page.
  if (headers.origin === undefined) return { status: 403, why: 'a change needs the Origin header of the page; use the page' };
  // A form of another site can send the other content types without a preflight request.
  return headers['content-type'] === 'application/json'
    ? undefined
    : { status: 415, why: 'a change needs the content type application/json; use the page' };
}

/** Exchanges the code of an address for the secret. Each code works once, because the browser's history keeps the address. */
export class Door {
  private code = newSecret();

  /** @param onEntered called with the code that works next, after each exchange */
  constructor(
    private readonly secret: string,
    private readonly onEntered: (next: string) => void,
  ) {}

  /** The code that works now. */
  get current(): string {
    return this.code;
  }

  /** @param authorization the request's header, `Bearer` and the code */
  enter(authorization: string | undefined): { readonly secret: string } | Refusal {
    if (!isSecret(authorization, this.code))
      return { status: 401, why: 'this address has been opened already, or is of another launch; open the last address that accelctl printed' };
    this.code = newSecret();
    this.onEntered(this.code);
    return { secret: this.secret };
  }
}

function isSecret(authorization: string | undefined, secret: string): boolean {
  const [given, wanted] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${secret}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Headers of every answer. @param scriptHashes hashes of the page's inline scripts */
export function headersWith(scriptHashes: readonly string[]): Record<string, string> {
  const scripts = ["'self'", ...scriptHashes.map((hash) => `'${hash}'`)].join(' ');
  return {
    'content-security-policy': `default-src 'none'; script-src ${scripts}; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  };
}
