// What a request to the live API asks for, read from its address once.
import { z } from 'zod';
import { connectionsResource, liveApiVersion, maxListedConnections } from '../../api';
import { Refusal } from './refusal';

export interface LiveRequest {
  readonly verb: 'list' | 'watch';
  /** Empty: every one. */
  readonly namespace: string;
  readonly pod: string;
  /** Most connections of a list. */
  readonly limit: number;
  /** Milliseconds that a watch goes on. */
  readonly watchMs: number;
}

/** The API server cuts a watch no sooner than this by itself (--min-request-timeout); who wants more asks again. */
const longestWatchSeconds = 600;
const defaultLimit = 500;

const base = `/apis/${liveApiVersion}`;
const pattern = new RegExp(`^${base.replaceAll('.', '\\.')}(?:/namespaces/(?<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?))?/${connectionsResource}$`);

const whole = z.string().regex(/^\d{1,9}$/, 'not a number').transform(Number);
const flag = z.enum(['true', '1', 'false', '0']).transform((text) => text === 'true' || text === '1');
// Further parameters of lists and watches (resourceVersion, allowWatchBookmarks and others) change nothing here.
const parameters = z.object({
  watch: flag.default(false),
  limit: whole.default(defaultLimit),
  timeoutSeconds: whole.default(longestWatchSeconds),
  fieldSelector: z.string().regex(/^(pod=[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?)?$/, 'only pod=NAME can be selected').default(''),
});

/** @throws Refusal */
export function readRequest(method: string, address: string): LiveRequest {
  const { pathname, searchParams } = new URL(address, 'https://live');
  const match = pattern.exec(pathname);
  if (match === null) throw new Refusal(404, 'NotFound', `there is no ${pathname.slice(0, 100)}; there are connections to list and to watch`);
  if (method !== 'GET') throw new Refusal(405, 'MethodNotAllowed', `${method.slice(0, 10)} is not known here: connections are listed and watched`);
  const read = parameters.safeParse(Object.fromEntries(searchParams));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new Refusal(400, 'BadRequest', `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { watch, limit, timeoutSeconds, fieldSelector } = read.data;
  return {
    verb: watch ? 'watch' : 'list',
    namespace: match.groups?.['namespace'] ?? '',
    pod: fieldSelector.replace('pod=', ''),
    limit: Math.min(limit, maxListedConnections),
    watchMs: Math.min(timeoutSeconds || longestWatchSeconds, longestWatchSeconds) * 1000,
  };
}
