// HAProxy, which moves bytes by splice(2) where it may: large files over HTTP, and checksummed streams over TCP.
import { checksum, openChecksum } from './checksum';
import type { ProgramMesh } from '../mesh';
import type { Opened, Trial } from '../trial';
import { filesChecks, learntSeconds, openFiles, openFilesLate } from './files';
import { nginxServer, startNginx } from './nginxServer';

const port = 8100;
const backendPort = 8101;

/** Always where it can, or where bytes come fast enough: see `option splice-auto` in its manual. */
type Splicing = 'always' | 'auto';
const options = { always: ['  option splice-request', '  option splice-response'], auto: ['  option splice-auto'] } as const;

function configuration(mode: 'http' | 'tcp', splicing: Splicing): string {
  return [
    'global',
    '  nbthread 1',
    'defaults',
    `  mode ${mode}`,
    ...options[splicing],
    '  timeout connect 10s',
    '  timeout client 60s',
    '  timeout server 60s',
    'frontend front',
    `  bind :::${port} v4v6`,
    '  default_backend back',
    'backend back',
    `  server one 127.0.0.1:${backendPort}`,
    '',
  ].join('\n');
}

async function start(mesh: ProgramMesh, mode: 'http' | 'tcp', splicing: Splicing): Promise<void> {
  await mesh.serve('server', [port], 'haproxy', '-db', '-f', mesh.file('haproxy.cfg', configuration(mode, splicing)));
}

async function startHttp(mesh: ProgramMesh, splicing: Splicing): Promise<void> {
  await startNginx(mesh, 'backend', [backendPort], nginxServer(mesh, `127.0.0.1:${backendPort}`));
  await start(mesh, 'http', splicing);
}

async function openTcp(mesh: ProgramMesh): Promise<Opened> {
  await mesh.serve('backend', [backendPort], await checksum(), 'serve', `-listen=127.0.0.1:${backendPort}`);
  await start(mesh, 'tcp', 'always');
  return openChecksum(mesh, port);
}

export const haproxyFiles: Trial = {
  name: 'HAProxy, HTTP',
  hops: ['curl', 'Envoy', 'Envoy', 'HAProxy (splice)', 'nginx'],
  unit: 'bytes',
  checks: filesChecks,
  expects: ['SplicingReader'],
  short: true,
  open: async (mesh) => {
    await startHttp(mesh, 'always');
    return openFiles(mesh, { port });
  },
};

export const haproxyLate: Trial = {
  ...haproxyFiles,
  name: 'HAProxy, large files late',
  checks: `${filesChecks}; the large ones come when small ones have been learnt, and with them the first splice(2)`,
  expects: [],
  warmUpSeconds: learntSeconds,
  short: false,
  open: async (mesh) => {
    await startHttp(mesh, 'auto');
    return openFilesLate(mesh, { port });
  },
};

export const haproxyTcp: Trial = {
  name: 'HAProxy, TCP',
  hops: ['Go client', 'Envoy', 'Envoy', 'HAProxy (splice)', 'Go server'],
  unit: 'bytes',
  checks: 'every byte is known by its stream and its place in it: turns, both ways at once, up, down',
  expects: ['SplicingReader'],
  open: openTcp,
};
