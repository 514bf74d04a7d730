// May this user see the connections of a namespace? The API server says, by a SubjectAccessReview.
import { z } from 'zod';
import { connectionsResource, liveGroup, liveVersion } from '../../api';
import type { KubeClient } from '../../kube';
import type { User } from './frontProxy';

export type Verb = 'list' | 'watch';

const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const answer = z.object({ status: z.object({ allowed: z.boolean(), reason: z.string().optional() }) });

/** @param namespace empty: every namespace @throws ApiError when the API server cannot say */
export async function mayLook(client: KubeClient, { user, uid, groups, extra }: User, verb: Verb, namespace: string): Promise<boolean> {
  const resourceAttributes = { group: liveGroup, version: liveVersion, resource: connectionsResource, verb, ...(namespace === '' ? {} : { namespace }) };
  const spec = { user, ...(uid === undefined ? {} : { uid }), groups, extra, resourceAttributes };
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  return answer.parse(await client.request('POST', path, { body })).status.allowed;
}
