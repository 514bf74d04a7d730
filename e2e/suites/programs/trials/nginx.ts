// nginx with large files, as the server and as a proxy. It asks FIONREAD how many bytes are left to read.
import type { ProgramMesh } from '../mesh';
import type { Opened, Trial } from '../trial';
import { filesChecks, learntSeconds, openFiles, openFilesLate } from './files';
import { nginx, nginxServer, startNginx } from '../../../stand/pods/nginxServer';

const port = 8000;
const originPort = 8001;

async function openServer(mesh: ProgramMesh): Promise<Opened> {
  await startNginx(mesh, 'server', [port], nginxServer(mesh, String(port)));
  return openFiles(mesh, { port });
}

async function openProxy(mesh: ProgramMesh): Promise<Opened> {
  await startNginx(mesh, 'backend', [originPort], nginxServer(mesh, `127.0.0.1:${originPort}`));
  const upstream = `upstream origin { server 127.0.0.1:${originPort}; keepalive 8; }`;
  const pass = 'proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off;';
  await startNginx(mesh, 'server', [port], nginx(mesh, `${upstream} server { listen ${port}; location / { ${pass} } }`));
  return openFiles(mesh, { port });
}

export const nginxFiles: Trial = {
  name: 'nginx',
  hops: ['curl', 'Envoy', 'Envoy', 'nginx'],
  unit: 'bytes',
  checks: filesChecks,
  expects: ['CountingReader'],
  short: true,
  open: openServer,
};

export const nginxLate: Trial = {
  ...nginxFiles,
  name: 'nginx, large files late',
  checks: `${filesChecks}; the large ones come when small ones have been learnt, and with them the first FIONREAD`,
  expects: [],
  warmUpSeconds: learntSeconds,
  short: false,
  open: async (mesh) => {
    await startNginx(mesh, 'server', [port], nginxServer(mesh, String(port)));
    return openFilesLate(mesh, { port });
  },
};

export const nginxProxy: Trial = {
  name: 'nginx as a proxy',
  hops: ['curl', 'Envoy', 'Envoy', 'nginx', 'nginx'],
  unit: 'bytes',
  checks: filesChecks,
  expects: ['CountingReader'],
  open: openProxy,
};
