// Waits until the API server serves the type of a CRD. `kubectl wait` alone would fail while the CRD has no conditions.
import type { ApiServer } from './apiServer';
import { waitFor } from '../support/waitFor';

/** @param name of the CRD, for example `sidecaraccelerations.acceleration.dev` */
export async function established(server: Pick<ApiServer, 'kubectl'>, name: string): Promise<void> {
  await waitFor(
    `the CRD ${name}`,
    async () => (await server.kubectl(['wait', '--for=condition=Established', `crd/${name}`, '--timeout=10s'])).code === 0,
  );
}
