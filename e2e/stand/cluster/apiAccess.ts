// Makes the API server, and nothing else of the cluster, reachable from this machine at 127.0.0.1.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { waitFor } from '../support/waitFor';
import { controlAddress, servicePort } from './addresses';
import { kubeconfig, type Identities } from './identities';
import type { Machine } from './machine';
import { identify, startDetached, type ProcessIdentity } from './processes';

/** What plain kubectl on this machine needs to reach the API server. */
export interface ApiAccess {
  readonly kubeconfig: string;
  /** The forwarder's process outside the cluster's namespaces. The process inside ends with the control machine. */
  readonly forwarder: ProcessIdentity;
}

const portSchema = z.coerce.number().int().positive();
// The extension .mts makes it an ES module, whose types Node.js strips itself: so a process that runs for long needs no compiler in memory.
const program = join(__dirname, 'forwarder.mts');

/** Starts both processes of the forwarder and writes the administrator's kubeconfig. */
export async function openApiAccess(directory: string, control: Machine, identities: Identities): Promise<ApiAccess> {
  const socket = join(directory, 'api.sock');
  control.start(process.execPath, [program, 'connect', socket, controlAddress, String(servicePort)]);
  await waitFor('the forwarder inside the cluster', () => existsSync(socket));
  const outer = await startDetached(process.execPath, [program, 'listen', socket], join(directory, 'forwarder.log'));
  const port = portSchema.parse(outer.firstLine);
  const path = join(directory, 'kubeconfig');
  await writeFile(path, kubeconfig(`https://127.0.0.1:${port}`, identities.authority, identities.adminToken), { mode: 0o600 });
  return { kubeconfig: path, forwarder: identify(outer.pid) };
}
