// Asks the API server, by a SubjectAccessReview, whether a user may see the connections of a namespace.
import { z } from 'zod';
import { connectionsResource, liveGroup, liveVersion } from '../../api';
import type { KubeClient } from '../../kube';
import type { User } from './frontProxy';

export type Verb = 'list' | 'watch';

const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const answer = z.object({ status: z.object({ allowed: z.boolean(), reason: z.string().optional() }) });

/** True when the user may list or watch connections. @param namespace empty for all namespaces @param signal ends the request @throws ApiError */
export async function isAllowed(
  client: KubeClient,
  { user, uid, groups, extra }: User,
  { verb, namespace }: { readonly verb: Verb; readonly namespace: string },
  signal: AbortSignal,
): Promise<boolean> {
  const resourceAttributes = {
    group: liveGroup,
    version: liveVersion,
    resource: connectionsResource,
    verb,
    ...(namespace === '' ? {} : { namespace }),
  };
  const spec = { user, ...(uid === undefined ? {} : { uid }), groups, extra, resourceAttributes };
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  return answer.parse(await client.request('POST', path, { body, signal })).status.allowed;
}
