// Requests only while allowed: what a process does after it was stopped and woken, or has lost its right, must not reach the server.
import { ApiError } from './errors';
import type { KubeClient } from './client';

/**
 * The same client, with every request but GET refused (ApiError, code 0, reason `NotAllowed`) while `mayWrite` says no.
 * It is asked at each request, and again when the connection is there and the first byte is about to go out: with an
 * Elector's `leading`, a leader that was frozen finds out before its next write, even when no timer has run yet.
 */
export function guardWrites(client: KubeClient, mayWrite: () => boolean): KubeClient {
  return {
    request: async (method, path, options) => {
      if (method === 'GET') return client.request(method, path, options);
      const beforeSending = (): void => {
        if (!mayWrite()) throw new ApiError(`${method} ${path}: not sent: this process does not lead`, 0, 'NotAllowed');
      };
      beforeSending();
      return client.request(method, path, { ...options, beforeSending });
    },
    stream: (path, options) => client.stream(path, options),
  };
}

/** The same client, whose requests are given up when the signal is given: nobody waits for an answer that is of no use any more. */
export function requestsUntil(client: KubeClient, signal: AbortSignal): KubeClient {
  const both = (own: AbortSignal | undefined): AbortSignal => (own === undefined ? signal : AbortSignal.any([own, signal]));
  return {
    request: (method, path, options) => client.request(method, path, { ...options, signal: both(options?.signal) }),
    stream: (path, options) => client.stream(path, { ...options, signal: both(options.signal) }),
  };
}
