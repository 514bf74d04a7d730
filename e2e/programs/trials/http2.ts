// curl with HTTP/2 without TLS: the sidecars speak HTTP/2 too, so many streams share one connection on every hop.
import type { ProgramMesh } from '../mesh';
import type { Opened, Trial } from '../trial';
import { filesChecks, nginxServer, openFiles, startNginx } from './files';

/** The one that the sidecars treat as HTTP. */
const port = 8080;

async function open(mesh: ProgramMesh): Promise<Opened> {
  await startNginx(mesh, 'server', [port], nginxServer(mesh, `${port} http2`));
  return openFiles(mesh, { port, curl: ['--http2-prior-knowledge'] });
}

export const http2: Trial = {
  name: 'curl, HTTP/2',
  hops: ['curl', 'Envoy (HTTP/2)', 'Envoy (HTTP/2)', 'nginx'],
  unit: 'bytes',
  checks: filesChecks,
  open,
};
