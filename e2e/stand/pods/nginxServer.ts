// nginx as the trials start it: in the foreground, with everything it writes in the trial's directory.
import type { Containers } from './containers';

/** The configuration of an nginx that serves and stores the files of `directory`. */
export function nginxServer(mesh: Containers, listen: string, more = ''): string {
  const locations = 'location / { root files; dav_methods PUT; create_full_put_path on; }';
  return nginx(mesh, `server { listen ${listen}; ${more} ${locations} }`);
}

/** A configuration with the given servers; everything it writes is in the trial's directory. */
export function nginx(mesh: Containers, servers: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${mesh.directory}/${kind};`);
  return [
    'daemon off; user root; worker_processes 1; error_log stderr warn; pid nginx.pid;',
    'events { worker_connections 1024; }',
    // requests are as large as they like, and are passed on as they come
    `http { access_log off; sendfile on; keepalive_requests 100000; client_max_body_size 0; ${temporary.join(' ')}`,
    `${servers} }`,
  ].join('\n');
}

/** Starts an nginx with a configuration of nginx() or nginxServer(). */
export async function startNginx(mesh: Containers, container: 'server' | 'backend', ports: readonly number[], configuration: string): Promise<void> {
  const file = mesh.file(`${container}.conf`, configuration);
  await mesh.serve(container, ports, 'nginx', '-e', 'stderr', '-p', mesh.directory, '-c', file);
}
