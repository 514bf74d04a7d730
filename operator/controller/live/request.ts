// Parses the URL of a request to the live API.
import { z } from 'zod';
import { connectionsResource, liveApiVersion, maxListedConnections } from '../../api';
import { Refusal } from './refusal';

export interface LiveRequest {
  readonly verb: 'list' | 'watch';
  /** Empty for all namespaces. */
  readonly namespace: string;
  /** Empty for all pods. */
  readonly pod: string;
  /** Most connections of a list. */
  readonly limit: number;
  /** Milliseconds after which a watch ends. */
  readonly watchMs: number;
}

/** Longest watch in seconds. The API server does not end a watch earlier (--min-request-timeout); a client may begin another. */
const longestWatchSeconds = 600;
const defaultLimit = 500;

const base = `/apis/${liveApiVersion}`;
const pattern = new RegExp(
  `^${base.replaceAll('.', '\\.')}(?:/namespaces/(?<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?))?/${connectionsResource}$`,
);

const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'not a number')
  .transform(Number);
const flag = z.enum(['true', '1', 'false', '0']).transform((text) => text === 'true' || text === '1');
// Other parameters of lists and watches (resourceVersion, allowWatchBookmarks and so on) have no effect here.
const parameters = z.object({
  watch: flag.default(false),
  limit: whole.default(defaultLimit),
  timeoutSeconds: whole.default(longestWatchSeconds),
  fieldSelector: z
    .string()
    .regex(/^(pod=[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?)?$/, 'the only supported field selector is pod=NAME')
    .default(''),
});

/** Reads a request. @throws Refusal with 404, 405 or 400 */
export function readRequest(method: string, address: string): LiveRequest {
  const { pathname, searchParams } = new URL(address, 'https://live');
  const match = pattern.exec(pathname);
  if (match === null) throw new Refusal(404, 'NotFound', `${pathname.slice(0, 100)} does not exist; this API has the resource connections`);
  if (method !== 'GET') throw new Refusal(405, 'MethodNotAllowed', `${method.slice(0, 10)} is not supported: connections can be listed and watched`);
  const names = [...searchParams.keys()];
  // The API server checked the user's right by its own reading of a repeated parameter, which may differ from ours.
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw new Refusal(400, 'BadRequest', `${repeated.slice(0, 100)}: given more than once`);
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
