// Clients that stop sending: a process that has lost its leadership, also while it was stopped, must not write to the API server.
import { ApiError } from './errors';
import type { KubeClient } from './client';

/**
 * A client that refuses every request but GET while `mayWrite` returns false (ApiError, code 0, reason `NotAllowed`). `mayWrite` is called
 * for each request, and again before its first byte is sent. With an Elector's `leading`, a leader that was stopped and continued sends no
 * further write, although no timer has run yet.
 */
export function guardWrites(client: KubeClient, mayWrite: () => boolean): KubeClient {
  return {
    request: async (method, path, options) => {
      if (method === 'GET') return client.request(method, path, options);
      const beforeSending = (): void => {
        if (!mayWrite()) throw new ApiError(`${method} ${path}: not sent, because this process does not lead`, 0, 'NotAllowed');
      };
      beforeSending();
      return client.request(method, path, { ...options, beforeSending });
    },
    stream: (path, options) => client.stream(path, options),
  };
}

/** A client whose requests end when the signal is aborted, so that nothing waits for answers that have become useless. */
export function requestsUntil(client: KubeClient, signal: AbortSignal): KubeClient {
  const both = (own: AbortSignal | undefined): AbortSignal => (own === undefined ? signal : AbortSignal.any([own, signal]));
  return {
    request: (method, path, options) => client.request(method, path, { ...options, signal: both(options?.signal) }),
    stream: (path, options) => client.stream(path, { ...options, signal: both(options.signal) }),
  };
}
