// What the guest is asked to do: steps in order, each a program of guest/ with its time limit.
import { z } from 'zod';

const stepSchema = z.object({
  name: z.string(),
  program: z.enum(['programs', 'traffic', 'suite', 'conformance', 'probes']),
  args: z.array(z.string()).readonly(),
  /** In the guest's own time. */
  seconds: z.int(),
});

export const planSchema = z.object({ steps: z.array(stepSchema).readonly() });

export type Step = z.infer<typeof stepSchema>;
export type Plan = z.infer<typeof planSchema>;
