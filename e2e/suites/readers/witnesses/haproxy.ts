// HAProxy as a TCP proxy: with splice(2) for longer streams, and without.
import { need } from '../toolchains';
import type { Witness } from '../witness';
import { originPorts, startOrigin } from './origin';

function haproxy(name: string, port: number, reads: string, options: readonly string[]): Witness {
  const configuration = [
    'global',
    '  nbthread 1',
    'defaults',
    '  mode tcp',
    '  timeout connect 10s',
    '  timeout client 60s',
    '  timeout server 60s',
    ...options.map((option) => `  option ${option}`),
    'frontend front',
    `  bind :::${port} v4v6`,
    '  default_backend back',
    'backend back',
    `  server one 127.0.0.1:${originPorts.frames}`,
    '',
  ];
  return {
    name,
    protocol: 'frames',
    reads,
    busy: 'frozen',
    port,
    prepare: () => need('haproxy'),
    async start(stand) {
      await startOrigin(stand);
      await stand.serve('server', [port], 'haproxy', '-db', '-f', stand.file('haproxy.cfg', configuration.join('\n')));
      return {};
    },
  };
}

export const haproxySpliced = haproxy('HAProxy, splice', 7040, 'edge-triggered; by splice(2) where a stream is longer than a few reads', [
  'splice-request',
  'splice-response',
]);
export const haproxyCopied = haproxy('HAProxy', 7041, 'edge-triggered; a short read means empty', []);
