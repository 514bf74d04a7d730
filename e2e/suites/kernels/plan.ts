// What the guest has to do: a list of steps, each of which is a program of guest/ with a time limit.
import { z } from 'zod';

const stepSchema = z.object({
  name: z.string(),
  program: z.enum(['programs', 'traffic', 'suite', 'conformance', 'probes']),
  args: z.array(z.string()).readonly(),
  /** The time limit, by the guest's own clock. */
  seconds: z.int(),
});

export const planSchema = z.object({ steps: z.array(stepSchema).readonly() });

export type Step = z.infer<typeof stepSchema>;
export type Plan = z.infer<typeof planSchema>;
