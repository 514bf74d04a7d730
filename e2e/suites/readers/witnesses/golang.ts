// Go: a server on net/http, and a TCP relay that begins to splice when it has run for a while.
import { join } from 'node:path';
import { built, go } from '../toolchains';
import type { Witness } from '../witness';
import { originPorts, startOrigin } from './origin';

const ports = { relay: 7020, web: 7021 } as const;
const build = (): Promise<string> => built('go', 'go', go);

async function prepare(): Promise<void> {
  await build();
}

export const goRelay: Witness = {
  name: 'Go relay',
  protocol: 'frames',
  reads: 'edge-triggered, until EAGAIN; from the first large body on by splice(2), which never sees redirected bytes',
  busy: 'frozen',
  port: ports.relay,
  short: true,
  prepare,
  async start(stand) {
    await startOrigin(stand);
    const relay = await stand.serve(
      'server',
      [ports.relay],
      join(await build(), 'bin', 'relay'),
      `:${ports.relay}`,
      `127.0.0.1:${originPorts.frames}`,
    );
    return { beginLarge: () => void relay.kill('SIGUSR1') };
  },
};

export const goWeb: Witness = {
  name: 'Go net/http',
  protocol: 'http',
  reads: 'edge-triggered, until EAGAIN; while a handler works, another read waits for one byte more',
  busy: 'asked',
  port: ports.web,
  prepare,
  async start(stand) {
    await stand.serve('server', [ports.web], join(await build(), 'bin', 'web'), ports.web);
    return {};
  },
};
