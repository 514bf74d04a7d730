// Waits until the API server serves a type. `kubectl wait` alone fails on a CRD that has no conditions yet.
import type { ApiServer } from './apiServer';
import { waitFor } from '../support/waitFor';

/** @param name as in `sidecaraccelerations.acceleration.dev` */
export async function established(server: Pick<ApiServer, 'kubectl'>, name: string): Promise<void> {
  await waitFor(`the CRD ${name}`, async () => (await server.kubectl(['wait', '--for=condition=Established', `crd/${name}`, '--timeout=10s'])).code === 0);
}
