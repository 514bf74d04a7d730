// Writes only while allowed: what a process does after it was stopped and woken must not reach the server.
import { ApiError } from './errors';
import type { KubeClient } from './client';

/**
 * The same client, with every request but GET refused (ApiError, code 0, reason `NotAllowed`) while `mayWrite` says no.
 * It is asked at each request: with an Elector's `leading`, a leader that was frozen finds out before its next write, even
 * when no timer has run yet.
 */
export function guardWrites(client: KubeClient, mayWrite: () => boolean): KubeClient {
  return {
    request: (method, path, options) =>
      method === 'GET' || mayWrite()
        ? client.request(method, path, options)
        : Promise.reject(new ApiError(`${method} ${path}: not sent: this process does not lead`, 0, 'NotAllowed')),
    stream: (path, options) => client.stream(path, options),
  };
}
