// Records when each request came, and computes how many came in the busiest second.
import type { IncomingMessage } from 'node:http';

export interface SeenRequest {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly watch: boolean;
}

export const isWatch = ({ url = '/' }: IncomingMessage): boolean => url.includes('watch=true');

export class RequestLog {
  private readonly seen: SeenRequest[] = [];

  constructor(private readonly now: () => number = () => performance.now()) {}

  add(request: IncomingMessage): void {
    const { pathname } = new URL(request.url ?? '/', 'http://proxy');
    this.seen.push({ at: this.now(), method: request.method ?? '', path: pathname, watch: isWatch(request) });
  }

  /** The requests from this moment on that match. */
  since(at: number, matches: (request: SeenRequest) => boolean = () => true): SeenRequest[] {
    return this.seen.filter((request) => request.at >= at && matches(request));
  }

  /** The load of the API server since this moment. */
  rate(at: number): RequestRate {
    const times = this.since(at).map((request) => request.at);
    const seconds = Math.max(1, (this.now() - at) / 1000);
    return {
      requests: times.length,
      perSecond: round(times.length / seconds),
      busiestSecond: busiest(times, 1000),
      busiestTenSeconds: round(busiest(times, 10_000) / 10),
    };
  }
}

export interface RequestRate {
  readonly requests: number;
  readonly perSecond: number;
  /** The most requests that came within any one second. */
  readonly busiestSecond: number;
  /** The most requests that came within any ten seconds, divided by ten. */
  readonly busiestTenSeconds: number;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** How many times lie in the window of this length that has the most. @param times in ascending order */
export function busiest(times: readonly number[], windowMs: number): number {
  let from = 0;
  let most = 0;
  times.forEach((time, index) => {
    while (time - (times[from] ?? time) >= windowMs) from += 1;
    most = Math.max(most, index - from + 1);
  });
  return most;
}
