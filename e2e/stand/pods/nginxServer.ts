// nginx as the trials start it: in the foreground, with all of its files in the trial's directory.
import type { Containers } from './containers';

/** The configuration of an nginx that serves and stores the files of `directory`. */
export function nginxServer(mesh: Containers, listen: string, more = ''): string {
  const locations = 'location / { root files; dav_methods PUT; create_full_put_path on; }';
  return nginx(mesh, `server { listen ${listen}; ${more} ${locations} }`);
}

/** A configuration with the given servers; nginx writes all of its files to the trial's directory. */
export function nginx(mesh: Containers, servers: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${mesh.directory}/${kind};`);
  return [
    'daemon off; user root; worker_processes 1; error_log stderr warn; pid nginx.pid;',
    'events { worker_connections 1024; }',
    // Requests may have any size, and nginx passes them on while they arrive.
    `http { access_log off; sendfile on; keepalive_requests 100000; client_max_body_size 0; ${temporary.join(' ')}`,
    `${servers} }`,
  ].join('\n');
}

/** Starts an nginx with a configuration made by nginx() or nginxServer(). */
export async function startNginx(mesh: Containers, container: 'server' | 'backend', ports: readonly number[], configuration: string): Promise<void> {
  const file = mesh.file(`${container}.conf`, configuration);
  await mesh.serve(container, ports, 'nginx', '-e', 'stderr', '-p', mesh.directory, '-c', file);
}
