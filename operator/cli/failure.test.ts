import { errorOf } from '../kube';
import { ApiError } from '../kube';
import { Failure } from './exit';
import { failureOf } from './failure';

const server = 'https://10.0.0.1:6443';
const resource = 'sidecaraccelerations.acceleration.dev/default';
const operation = { doing: 'reading', object: resource, verb: 'get' };

function refused(code: number, body: unknown): ApiError {
  return errorOf('GET /apis/x', code, body);
}

describe('an error of the API server', () => {
  it.each([
    ['no such type', refused(404, '404 page not found\n'), 'does not know this resource type; install the chart'],
    [
      'no such object',
      refused(404, { reason: 'NotFound', message: 'sidecaraccelerations "default" not found' }),
      'there is no such resource, so nothing is accelerated; to accelerate: accelctl on',
    ],
    [
      'no right',
      refused(403, { reason: 'Forbidden', message: 'no' }),
      `this user may not get ${resource}; ask for the verb get on sidecaraccelerations.acceleration.dev`,
    ],
    [
      'a change by another client',
      refused(409, { reason: 'Conflict' }),
      'another client has changed it in between; read it again and repeat the change',
    ],
    ['no credentials', refused(401, '{}'), 'does not accept these credentials; log in again'],
    [
      'an invalid value',
      refused(422, { reason: 'Invalid', message: 'spec.mode: Unsupported value: "On"' }),
      'the API server refuses it: Invalid: spec.mode: Unsupported value: "On"; correct the field that it names',
    ],
    [
      'an unknown field',
      refused(500, { message: 'failed to create typed patch object: .spec.rollout: field not declared in schema' }),
      'refuses it: failed to create typed patch object: .spec.rollout: field not declared in schema; correct the field that it names; if that field should exist, the CRD is older',
    ],
    ['an internal error', refused(500, { message: 'etcd is away' }), 'answered with status 500: etcd is away; try again'],
    [
      'no connection',
      new ApiError('GET /apis/x: connect ECONNREFUSED 10.0.0.1:6443', 0, ''),
      `${server} cannot be reached: connect ECONNREFUSED 10.0.0.1:6443; check the cluster`,
    ],
    ['an unknown cause', new Error('odd'), 'cannot be reached: odd'],
  ])('becomes one line with the next step: %s', (_what, error, words) => {
    const { message } = failureOf(error, operation, server);
    expect(message).toContain(words);
    expect(message).toMatch(/^reading sidecaraccelerations/);
    expect(message).not.toContain('\n');
  });

  it('begins with the operation and the object', () => {
    const { message } = failureOf(refused(403, {}), { doing: 'switching', object: resource, verb: 'patch' }, server);
    expect(message).toBe(
      `switching ${resource}: this user may not patch ${resource}; ask for the verb patch on sidecaraccelerations.acceleration.dev`,
    );
  });

  it('is unchanged when it is a Failure already', () => {
    const failure = new Failure('reading x: y');
    expect(failureOf(failure, operation, server)).toBe(failure);
  });
});
