// tokio: edge-triggered. It takes a read that did not fill its buffer to have emptied the socket, as epoll(7), question 9, allows.
import { join } from 'node:path';
import { built, cargo } from '../toolchains';
import type { Witness } from '../witness';

const port = 7001;
const build = (): Promise<string> => built('tokio', 'cargo', cargo);

export const tokio: Witness = {
  name: 'tokio',
  protocol: 'frames',
  reads: 'edge-triggered; a short read means empty',
  busy: 'asked',
  port,
  async prepare() {
    await build();
  },
  async start(stand) {
    await stand.serve('server', [port], join(await build(), 'release', 'tokio-witness'), port);
    return {};
  },
};
