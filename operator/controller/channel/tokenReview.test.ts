// The identity of tokens, with answers of a real API server (1.36).
import { NotAuthenticated } from '../../protocol';
import type { KubeClient } from '../../kube';
import { TokenReviewer } from './tokenReview';

const account = 'system:serviceaccount:accel:sidecar-acceleration-agent';
const extra = {
  'authentication.kubernetes.io/node-name': ['node1'],
  'authentication.kubernetes.io/node-uid': ['n-1'],
  'authentication.kubernetes.io/pod-name': ['agent-x'],
  'authentication.kubernetes.io/pod-uid': ['p-1'],
};
const good = { authenticated: true, audiences: ['acceleration.dev/agent'], user: { username: account, extra } };

function reviewer(status: object): { reviewer: TokenReviewer; asked: unknown[] } {
  const asked: unknown[] = [];
  const client = {
    request: (_method: string, _path: string, options: { body?: unknown }) => Promise.resolve((asked.push(options.body), { status })),
  };
  return { reviewer: new TokenReviewer(client as unknown as KubeClient, account), asked };
}

test('the identity of a bound token is its node and pod, and it is reviewed for the agents’ audience', async () => {
  const { reviewer: r, asked } = reviewer(good);
  expect(await r.review('t')).toEqual({ node: 'node1', pod: 'agent-x', podUid: 'p-1', token: 't' });
  expect(asked).toMatchObject([{ spec: { token: 't', audiences: ['acceleration.dev/agent'] } }]);
});

test.each([
  ['is not authenticated', { authenticated: false, error: 'service account token has been invalidated' }, /invalidated/],
  ['is for another audience', { ...good, audiences: ['https://kubernetes.default.svc'] }, /another audience/],
  [
    'belongs to another account',
    { ...good, user: { username: 'system:serviceaccount:shop:web', extra } },
    /belongs to system:serviceaccount:shop:web/,
  ],
  ['is not bound to a pod', { ...good, user: { username: account, extra: {} } }, /not bound/],
])('a token that %s is refused', async (_, status, why) => {
  const refusal = reviewer(status).reviewer.review('t');
  await expect(refusal).rejects.toThrow(NotAuthenticated);
  await expect(refusal).rejects.toThrow(why);
});

test('an identity is no longer valid when its token is refused or belongs to another pod', async () => {
  const identity = { node: 'node1', pod: 'agent-x', podUid: 'p-1', token: 't' };
  expect(await reviewer(good).reviewer.stillValid(identity)).toBe(true);
  expect(await reviewer(good).reviewer.stillValid({ ...identity, podUid: 'p-0' })).toBe(false);
  expect(await reviewer({ authenticated: false }).reviewer.stillValid(identity)).toBe(false);
});
