// The environment variables of the controller that the chart sets for Node.js and the C library: memory and CPU of the process depend on them.
import { z } from 'zod';
import type { ApiServer } from './apiServer';
import { namespace } from './controllerProcess';

const deployment = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.array(z.object({ env: z.array(z.object({ name: z.string(), value: z.string().optional() })) })) }),
    }),
  }),
});

/** Reads them from the controller's Deployment. @param server an API server on which the chart is installed */
export async function chartSettings(server: ApiServer): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await server.kubectl([
    'get',
    'deployment',
    'sidecar-acceleration-controller',
    '--namespace',
    namespace,
    '--output',
    'json',
  ]);
  if (code !== 0) throw new Error(`reading the controller's Deployment: ${stderr.trim()}`);
  const { spec } = deployment.parse(JSON.parse(stdout));
  const all = spec.template.spec.containers.flatMap(({ env }) => env);
  return Object.fromEntries(
    all.flatMap(({ name, value }) => (value !== undefined && /^(NODE_OPTIONS|MALLOC_.*|UV_.*)$/.test(name) ? [[name, value]] : [])),
  );
}
