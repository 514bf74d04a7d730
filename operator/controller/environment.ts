// The environment variables that the chart sets for the controller.
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65535);
const list = z
  .string()
  .default('')
  .transform((names) => names.split(',').filter((name) => name !== ''));

const environment = z
  .object({
    POD_NAMESPACE: z.string().min(1).max(63),
    POD_NAME: z.string().min(1).max(253),
    /** Image of the controller, and of the agents unless the resource names another. */
    IMAGE: z.string().min(1),
    IMAGE_PULL_POLICY: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
    /** Names of Secrets, separated by commas. */
    IMAGE_PULL_SECRETS: list,
    /** Name of the Service of all replicas, which owns the channel's Secret. */
    CONTROLLER_SERVICE: z.string().min(1).max(63),
    /** Name of the Service without selector in which the leader publishes its address. Without it agents connect to CONTROLLER_SERVICE. */
    CHANNEL_SERVICE: z.string().min(1).max(63).optional(),
    /** Addresses of this pod, which the leader publishes, separated by commas. */
    POD_IPS: list.pipe(z.array(z.union([z.ipv4(), z.ipv6()])).max(2)),
    LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
    GRPC_PORT: port.default(9443),
    HTTP_PORT: port.default(8080),
    /** Port of live data; without it no live data is served. */
    LIVE_PORT: port.optional(),
    /** Name of the Service in the APIService of live data. */
    LIVE_SERVICE: z.string().min(1).max(63).optional(),
    KUBECONFIG: z.string().optional(),
  })
  .refine(({ CHANNEL_SERVICE, POD_IPS }) => CHANNEL_SERVICE === undefined || POD_IPS.length > 0, {
    path: ['POD_IPS'],
    message: 'required with CHANNEL_SERVICE',
  })
  .refine(({ LIVE_PORT, LIVE_SERVICE }) => LIVE_PORT === undefined || LIVE_SERVICE !== undefined, {
    path: ['LIVE_SERVICE'],
    message: 'required with LIVE_PORT',
  });

export type Environment = z.infer<typeof environment>;

/** Reads the environment. @throws Error in one line that names every missing or invalid variable */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const result = environment.safeParse(variables);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new Error(`read environment: ${problems}; correct the controller's Deployment, which the chart creates`);
}
