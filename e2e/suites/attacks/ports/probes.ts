// Probes as the kubelet makes them: each on a connection of its own, with a timeout of one second (the default of timeoutSeconds).
import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { errorMessage } from '../../../../operator/base';

export interface Probed {
  readonly asked: number;
  readonly failed: readonly string[];
  readonly slowestMs: number;
}

const timeoutMs = 1000;

/** Makes `count` probes one after the other, with a pause of `everyMs` after each. */
export async function probe(port: number, path: string, count: number, everyMs = 100): Promise<Probed> {
  const failed: string[] = [];
  let slowestMs = 0;
  for (let each = 0; each < count; each += 1) {
    const began = performance.now();
    await once(port, path).catch((error: unknown) => failed.push(errorMessage(error)));
    slowestMs = Math.max(slowestMs, performance.now() - began);
    await pause(everyMs);
  }
  return { asked: count, failed, slowestMs };
}

function once(port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      response.once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
    });
    request.once('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.once('error', reject);
  });
}
