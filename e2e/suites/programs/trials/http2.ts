// curl with HTTP/2 over TLS: many streams share one connection, whose bytes the sidecars pass on without reading them.
import { join } from 'node:path';
import type { ProgramMesh } from '../mesh';
import type { Opened, Trial } from '../trial';
import { filesChecks, openFiles } from './files';
import { nginxServer, startNginx } from '../../../stand/pods/nginxServer';

const port = 8443;

/** Uses TLS, because Debian 12's curl 7.88 cannot use an HTTP/2 connection without TLS twice (github.com/curl/curl/issues/10634). */
async function open(mesh: ProgramMesh): Promise<Opened> {
  const [key, certificate] = [join(mesh.directory, 'key.pem'), join(mesh.directory, 'certificate.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', 1, '-subj', '/CN=server'];
  await mesh.must('server', 'openssl', 'req', ...kind, '-keyout', key, '-out', certificate);
  await startNginx(mesh, 'server', [port], nginxServer(mesh, `${port} ssl http2`, `ssl_certificate ${certificate}; ssl_certificate_key ${key};`));
  return openFiles(mesh, { port, scheme: 'https', curl: ['--insecure', '--http2'], version: '2' });
}

export const http2: Trial = {
  name: 'curl, HTTP/2',
  hops: ['curl (HTTP/2 over TLS)', 'Envoy', 'Envoy', 'nginx'],
  unit: 'bytes',
  checks: filesChecks,
  open,
};
