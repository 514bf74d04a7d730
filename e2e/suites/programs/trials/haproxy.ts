// HAProxy with splice(2) enabled: large files over HTTP, and checksummed streams over TCP.
import { checksumChecks, openChecksum, serveChecksum } from './checksum';
import type { ProgramMesh } from '../mesh';
import type { Opened, Trial } from '../trial';
import { filesChecks, openFiles } from './files';
import { nginxServer, startNginx } from '../../../stand/pods/nginxServer';

const port = 8100;
const backendPort = 8101;

function configuration(mode: 'http' | 'tcp'): string {
  return [
    'global',
    '  nbthread 1',
    'defaults',
    `  mode ${mode}`,
    '  option splice-request',
    '  option splice-response',
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

async function start(mesh: ProgramMesh, mode: 'http' | 'tcp'): Promise<void> {
  await mesh.serve('server', [port], 'haproxy', '-db', '-f', mesh.file('haproxy.cfg', configuration(mode)));
}

async function startHttp(mesh: ProgramMesh): Promise<void> {
  await startNginx(mesh, 'backend', [backendPort], nginxServer(mesh, `127.0.0.1:${backendPort}`));
  await start(mesh, 'http');
}

async function openTcp(mesh: ProgramMesh): Promise<Opened> {
  await serveChecksum(mesh, backendPort);
  await start(mesh, 'tcp');
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
    await startHttp(mesh);
    return openFiles(mesh, { port });
  },
};

export const haproxyTcp: Trial = {
  name: 'HAProxy, TCP',
  hops: ['Go client', 'Envoy', 'Envoy', 'HAProxy (splice)', 'Go server'],
  unit: 'bytes',
  checks: checksumChecks,
  expects: ['SplicingReader'],
  open: openTcp,
};
