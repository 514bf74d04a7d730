// What the guest is asked to do: steps in order, each a program of guest/ with its time limit.
import { z } from 'zod';

const stepSchema = z.object({
  name: z.string(),
  program: z.enum(['traffic', 'suite', 'conformance', 'probes']),
  args: z.array(z.string()),
  /** In the guest's own time. */
  seconds: z.int(),
});

export const planSchema = z.object({ steps: z.array(stepSchema) });

export type Step = z.infer<typeof stepSchema>;
export type Plan = z.infer<typeof planSchema>;
