// The server behind a witness that is a proxy: Node, in a container of its own beside that of the proxy.
import { join } from 'node:path';
import type { Stand } from '../stand';
import { programs } from '../toolchains';

/** The ports on which the server speaks each protocol. */
export const originPorts = { frames: 7100, http: 7101 } as const;

export async function startOrigin(stand: Stand): Promise<void> {
  const { frames, http } = originPorts;
  await stand.serve('backend', [frames, http], process.execPath, join(programs, 'node', 'server.js'), frames, http);
}
