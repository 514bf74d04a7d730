// A crowd at the port of the aggregated API. Idle connections come from the address from which the API server connects, which is the worst case.
import { type Attack, type Attacker, brokenBy } from '../attack';
import type { CrowdOptions } from './connections';
import { mostMiB, rounded, underCrowd } from './underCrowd';

const path = '/apis/live.acceleration.dev/v1alpha1/namespaces/shop/connections';
const attacker: Attacker = 'pod network';
const before = '65 connections that never speak: every request got 503 for as long as they liked (120 s each), and namespaces could not be deleted';

function crowdAtLive(crowd: Partial<CrowdOptions>): Attack['run'] {
  return async (stage, size) => {
    const live = await stage.controller();
    const { controller, server } = live.bench;
    const [count, requests] = size === 'full' ? [1000, 60] : [300, 10];
    const ask = async (): Promise<string[]> => {
      const failed: string[] = [];
      for (let each = 0; each < requests; each += 1) {
        const { code, stderr } = await server.kubectl(['get', '--raw', path]);
        if (code !== 0) failed.push(stderr.trim());
      }
      return failed;
    };
    const { grownMiB, made, found: failed, seconds } = await underCrowd(controller.pid ?? 0, [{ ...crowd, port: live.port, count }], ask);
    return {
      cost: `${count} connections, made ${made} times in ${seconds} s`,
      now: `${failed.length} of ${requests} requests through the API server failed; ${rounded(grownMiB)} MiB more`,
      figures: { connections: count, made, seconds, requests, failedRequests: failed.length, grownMiB: rounded(grownMiB) },
      broken: brokenBy([failed.length > 0, `requests failed: ${failed[0]}`], [grownMiB > mostMiB, `more than ${mostMiB} MiB more`]),
    };
  };
}

export const idleAtLive: Attack = { name: 'idle connections to the aggregated API', attacker, before, run: crowdAtLive({}) };

/** Sends the first five bytes of a ClientHello, and no more. */
export const halfHandshakes: Attack = {
  name: 'handshakes with the aggregated API that are never finished',
  attacker,
  before,
  run: crowdAtLive({ says: Buffer.from([0x16, 3, 1, 2, 0]), localAddress: '127.0.0.9' }),
};

export const withoutCertificate: Attack = {
  name: 'handshakes with the aggregated API without the front proxy’s certificate',
  attacker,
  before,
  run: crowdAtLive({ tls: {}, localAddress: '127.0.0.9' }),
};
