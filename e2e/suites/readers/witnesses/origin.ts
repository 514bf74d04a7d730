// The server behind a witness that is a proxy: Node, in a container of its own beside the proxy's.
import { join } from 'node:path';
import type { Stand } from '../stand';
import { programs } from '../toolchains';

/** Where it speaks which protocol. */
export const originPorts = { frames: 7100, http: 7101 } as const;

export async function startOrigin(stand: Stand): Promise<void> {
  const { frames, http } = originPorts;
  await stand.serve('backend', [frames, http], process.execPath, join(programs, 'node', 'server.js'), frames, http);
}
