// nginx reads by edge-triggered epoll. After a read that filled its buffer it asks FIONREAD how many bytes are left. Where epoll has EPOLLRDHUP, it
// takes a read that did not fill the buffer as proof that the socket is empty.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nginx, nginxServer, startNginx } from '../../../stand/pods/nginxServer';
import { need } from '../toolchains';
import type { Witness } from '../witness';
import { originPorts, startOrigin } from './origin';

const ports = { server: 7010, proxy: 7011, tunnel: 7012 } as const;
const prepare = (): Promise<void> => need('nginx');

export const nginxFiles: Witness = {
  name: 'nginx',
  protocol: 'files',
  reads: 'edge-triggered; FIONREAD after a full read; what follows a request is read ahead',
  busy: 'frozen',
  port: ports.server,
  short: true,
  prepare,
  async start(stand) {
    mkdirSync(join(stand.directory, 'files'));
    stand.file('files/small', 'small\n');
    await startNginx(stand, 'server', [ports.server], nginxServer(stand, String(ports.server)));
    return {};
  },
};

const upstream = (port: number): string => `upstream origin { server 127.0.0.1:${port}; keepalive 8; keepalive_requests 100000; }`;

export const nginxProxy: Witness = {
  ...nginxFiles,
  name: 'nginx, proxy',
  protocol: 'http',
  reads: 'the same, and so from its upstream',
  port: ports.proxy,
  short: false,
  async start(stand) {
    await startOrigin(stand);
    const pass = 'proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off;';
    const servers = `${upstream(originPorts.http)} server { listen ${ports.proxy}; location / { ${pass} } }`;
    await startNginx(stand, 'server', [ports.proxy], nginx(stand, servers));
    return {};
  },
};

export const nginxTunnel: Witness = {
  ...nginxProxy,
  name: 'nginx, WebSocket',
  protocol: 'upgraded',
  reads: 'the same; once upgraded it passes on what comes, both ways at once',
  port: ports.tunnel,
  async start(stand) {
    await startOrigin(stand);
    const pass = 'proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;';
    const servers = `${upstream(originPorts.http)} server { listen ${ports.tunnel}; tcp_nodelay on; location / { ${pass} } }`;
    await startNginx(stand, 'server', [ports.tunnel], nginx(stand, servers));
    return {};
  },
};
