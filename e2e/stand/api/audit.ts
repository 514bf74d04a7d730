// The API server's audit log, as far as it says who asked for what: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const event = z.object({
  verb: z.string(),
  stage: z.string(),
  user: z.object({ username: z.string(), extra: z.record(z.string(), z.array(z.string())).default({}) }),
  objectRef: z
    .object({
      apiGroup: z.string().default(''),
      resource: z.string().default(''),
      subresource: z.string().default(''),
      namespace: z.string().default(''),
      name: z.string().default(''),
    })
    .optional(),
  responseStatus: z.object({ code: z.int().default(0) }).default({ code: 0 }),
  // Always with six digits after the second and in UTC, so that their order is that of the text.
  requestReceivedTimestamp: z.string(),
  stageTimestamp: z.string(),
});

/** One request for an object or a kind of objects. */
export interface AuditedRequest {
  readonly user: string;
  /** Different for every token. */
  readonly credential: string;
  readonly verb: string;
  readonly group: string;
  /** With its subresource, as in `daemonsets/status`. */
  readonly resource: string;
  /** Empty for objects of the cluster. */
  readonly namespace: string;
  /** Empty when none was named; a list or watch by field selector names one. */
  readonly name: string;
  readonly code: number;
  readonly receivedAt: string;
  /** When it was answered; of a watch when it ended. */
  readonly answeredAt: string;
}

/** Requests of one user, in the order they were received; those that were never answered are left out. @throws ZodError */
export function requestsOf(file: string, user: string): AuditedRequest[] {
  const events = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => event.parse(JSON.parse(line)));
  return events
    .filter((each) => each.user.username === user && each.objectRef !== undefined)
    .map(requestOf)
    .sort((one, other) => (one.receivedAt < other.receivedAt ? -1 : 1));
}

function requestOf({ user, verb, objectRef, responseStatus, requestReceivedTimestamp, stageTimestamp }: z.infer<typeof event>): AuditedRequest {
  const { apiGroup = '', resource = '', subresource = '', namespace = '', name = '' } = objectRef ?? {};
  return {
    user: user.username,
    credential: user.extra['authentication.kubernetes.io/credential-id']?.[0] ?? '',
    verb,
    group: apiGroup,
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    code: responseStatus.code,
    receivedAt: requestReceivedTimestamp,
    answeredAt: stageTimestamp,
  };
}
