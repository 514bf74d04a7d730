// When which requests came, and how many a second at the most.
import type { IncomingMessage } from 'node:http';

export interface SeenRequest {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly method: string;
  /** Without the query. */
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

  /** Since a moment, those that match. */
  since(at: number, matches: (request: SeenRequest) => boolean = () => true): SeenRequest[] {
    return this.seen.filter((request) => request.at >= at && matches(request));
  }

  /** The load since a moment, as an operator of the API server would state it. */
  rate(at: number): RequestRate {
    const times = this.since(at).map((request) => request.at);
    const seconds = Math.max(1, (this.now() - at) / 1000);
    return { requests: times.length, perSecond: round(times.length / seconds), busiestSecond: busiest(times, 1000), busiestTenSeconds: round(busiest(times, 10_000) / 10) };
  }
}

export interface RequestRate {
  readonly requests: number;
  readonly perSecond: number;
  /** Most requests in any one second. */
  readonly busiestSecond: number;
  /** Most requests a second over any ten seconds. */
  readonly busiestTenSeconds: number;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** The most of the times (in order) that lie in one window. */
export function busiest(times: readonly number[], windowMs: number): number {
  let from = 0;
  let most = 0;
  times.forEach((time, index) => {
    while (time - (times[from] ?? time) >= windowMs) from += 1;
    most = Math.max(most, index - from + 1);
  });
  return most;
}
