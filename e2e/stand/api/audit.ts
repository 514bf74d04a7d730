// Reads from the API server's audit log which user made which request: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
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
  // Times are in UTC with six digits after the second, so sorting them as text sorts them by time.
  requestReceivedTimestamp: z.string(),
  stageTimestamp: z.string(),
});

/** A request for one object or for a kind of objects. */
export interface AuditedRequest {
  readonly user: string;
  /** The id of the token that the request came with; every token has another one. */
  readonly credential: string;
  readonly verb: string;
  readonly group: string;
  /** The resource, with its subresource as in `daemonsets/status`. */
  readonly resource: string;
  /** Empty for objects without a namespace. */
  readonly namespace: string;
  /** Empty when the request named no object. A list or watch with a field selector on metadata.name names one. */
  readonly name: string;
  readonly code: number;
  readonly receivedAt: string;
  /** When the request was answered; for a watch, when the watch ended. */
  readonly answeredAt: string;
}

/** The answered requests of one user, in the order in which the API server received them. @throws ZodError */
export function requestsOf(file: string, user: string): AuditedRequest[] {
  const events = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => event.parse(JSON.parse(line)));
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
