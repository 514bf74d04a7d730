// Authenticates agents by TokenReviews. An agent's identity is the pod and the node that its token is bound to.
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#token-bound-to-node
import { z } from 'zod';
import { agentAudience } from '../../api';
import type { KubeClient } from '../../kube';
import { NotAuthenticated } from '../../protocol';

export interface AgentIdentity {
  readonly node: string;
  readonly pod: string;
  readonly podUid: string;
  /** The token, which is reviewed again when another pod of the node connects. */
  readonly token: string;
}

const path = '/apis/authentication.k8s.io/v1/tokenreviews';
const nodeName = 'authentication.kubernetes.io/node-name';
const podName = 'authentication.kubernetes.io/pod-name';
const podUid = 'authentication.kubernetes.io/pod-uid';

const one = z
  .array(z.string().min(1))
  .length(1)
  .transform(([value]) => value ?? '');

const answer = z.object({
  status: z.object({
    authenticated: z.boolean().default(false),
    audiences: z.array(z.string()).default([]),
    error: z.string().optional(),
    // For a refused token the API server returns an empty user.
    user: z.object({ username: z.string().default(''), extra: z.record(z.string(), z.array(z.string())).default({}) }).optional(),
  }),
});

const boundExtras = z.object({ [nodeName]: one, [podName]: one, [podUid]: one });

export class TokenReviewer {
  constructor(
    private readonly client: KubeClient,
    /** The ServiceAccount of agents: `system:serviceaccount:<namespace>:<name>`. */
    private readonly account: string,
  ) {}

  /** The identity of a token. @throws NotAuthenticated unless it is a valid token of an agent's pod; ApiError when the API server does not answer */
  async review(token: string): Promise<AgentIdentity> {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: [agentAudience] } };
    const { status } = answer.parse(await this.client.request('POST', path, { body }));
    if (!status.authenticated || status.user === undefined) throw new NotAuthenticated(`token refused: ${status.error ?? 'not authenticated'}`);
    if (!status.audiences.includes(agentAudience)) throw new NotAuthenticated('token refused: it is for another audience');
    if (status.user.username !== this.account) throw new NotAuthenticated(`token refused: it belongs to ${status.user.username}`);
    const bound = boundExtras.safeParse(status.user.extra);
    if (!bound.success) throw new NotAuthenticated('token refused: it is not bound to a pod and a node');
    return { node: bound.data[nodeName], pod: bound.data[podName], podUid: bound.data[podUid], token };
  }

  /** True while the token of an identity is valid; false once its pod is deleted. @throws ApiError */
  async stillValid(identity: AgentIdentity): Promise<boolean> {
    try {
      return (await this.review(identity.token)).podUid === identity.podUid;
    } catch (error) {
      if (error instanceof NotAuthenticated) return false;
      throw error;
    }
  }
}
