// Makes the API server reachable from this machine's shells at 127.0.0.1, and nothing else of the cluster.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { waitFor } from '../support/waitFor';
import { controlAddress, servicePort } from './addresses';
import { kubeconfig, type Identities } from './identities';
import type { Machine } from './machine';
import { identify, startDetached, type ProcessIdentity } from './processes';

/** A way to the API server that plain kubectl can use. */
export interface ApiAccess {
  readonly kubeconfig: string;
  /** The half that runs outside the cluster's namespaces. The other half ends with the control machine. */
  readonly forwarder: ProcessIdentity;
}

const portSchema = z.coerce.number().int().positive();
// An ES module by its name, so that Node strips its types itself: no compiler in a process that stays.
const program = join(__dirname, 'forwarder.mts');

/** Starts both halves of the forwarder and writes the administrator's kubeconfig. */
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
