// What the chart tells the controller, checked once.
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65535);
const list = z
  .string()
  .default('')
  .transform((names) => names.split(',').filter((name) => name !== ''));

const environment = z.object({
  POD_NAMESPACE: z.string().min(1).max(63),
  POD_NAME: z.string().min(1).max(253),
  /** Of the controller itself, and of the agents unless the resource names another. */
  IMAGE: z.string().min(1),
  IMAGE_PULL_POLICY: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
  /** Names of Secrets, with commas between them. */
  IMAGE_PULL_SECRETS: list,
  /** Name of the Service of all controllers; the channel's Secret goes with it. */
  CONTROLLER_SERVICE: z.string().min(1).max(63),
  /** Name of the Service without selector in which the leader publishes itself; without it agents are sent to CONTROLLER_SERVICE. */
  CHANNEL_SERVICE: z.string().min(1).max(63).optional(),
  /** What the leader publishes: addresses with commas between them. */
  POD_IPS: list.pipe(z.array(z.union([z.ipv4(), z.ipv6()])).max(2)),
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  GRPC_PORT: port.default(9443),
  HTTP_PORT: port.default(8080),
  /** Where the API server asks for live data; without it there is none. */
  LIVE_PORT: port.optional(),
  /** Name of the Service that the APIService of live data names. */
  LIVE_SERVICE: z.string().min(1).max(63).optional(),
  KUBECONFIG: z.string().optional(),
}).refine(({ CHANNEL_SERVICE, POD_IPS }) => CHANNEL_SERVICE === undefined || POD_IPS.length > 0, {
  path: ['POD_IPS'],
  message: 'CHANNEL_SERVICE needs them',
}).refine(({ LIVE_PORT, LIVE_SERVICE }) => LIVE_PORT === undefined || LIVE_SERVICE !== undefined, {
  path: ['LIVE_SERVICE'],
  message: 'LIVE_PORT needs it',
});

export type Environment = z.infer<typeof environment>;

/** Throws with every missing or malformed variable in one line. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const result = environment.safeParse(variables);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new Error(`read environment: ${problems}; the chart sets these, see its deployment`);
}
