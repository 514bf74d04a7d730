import { failureOf } from './clusterFailure';

const server = 'https://10.0.0.1:6443';
const resource = 'sidecaraccelerations.acceleration.dev/default';

function refused(code: number, body: unknown) {
  return Object.assign(new Error('HTTP'), { code, body });
}

describe('an error of the API server', () => {
  it.each([
    ['no such type', refused(404, '404 page not found\n'), 'does not know this resource type; install the chart'],
    ['no such object', refused(404, JSON.stringify({ kind: 'Status', message: 'sidecaraccelerations "default" not found' })), 'there is no such resource, so nothing is accelerated; apply one'],
    ['no right', refused(403, '{}'), `this user may not get ${resource}; ask for the verb get on sidecaraccelerations.acceleration.dev`],
    ['no credentials', refused(401, '{}'), 'does not accept these credentials; log in again'],
    ['trouble of its own', refused(500, { message: 'etcd is away' }), 'answered with status 500: etcd is away; try again'],
    ['no connection', Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } }), `${server} cannot be reached: ECONNREFUSED; check the cluster`],
    ['an unknown cause', new Error('odd'), 'cannot be reached: odd'],
  ])('for %s is one line with the next step', (_what, error, words) => {
    const { message } = failureOf(error, resource, server);
    expect(message).toContain(words);
    expect(message).toMatch(/^reading sidecaraccelerations/);
    expect(message).not.toContain('\n');
  });
});
