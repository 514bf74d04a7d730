// The whole SidecarAcceleration object, as the API server returns it.
import { z } from 'zod';
import { apiVersion, kind } from './constants';
import { spec } from './spec';
import { status } from './status';

const metadata = z.looseObject({
  name: z.string(),
  uid: z.string().default(''),
  generation: z.int().min(0).default(0),
  resourceVersion: z.string().default(''),
  finalizers: z.array(z.string()).default([]),
  deletionTimestamp: z.string().optional(),
});

export const sidecarAcceleration = z.looseObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal(kind),
  metadata,
  spec: spec.prefault({}),
  status: status.optional(),
});

export type SidecarAcceleration = z.infer<typeof sidecarAcceleration>;
