// The controller's environment variables.
import { readEnvironment } from './environment';

const least = { POD_NAMESPACE: 'accel', POD_NAME: 'c-1', IMAGE: 'i', CONTROLLER_SERVICE: 's' };

test('the variables that the chart always sets are enough, and the others have defaults', () => {
  expect(readEnvironment(least)).toMatchObject({
    GRPC_PORT: 9443,
    HTTP_PORT: 8080,
    IMAGE_PULL_POLICY: 'IfNotPresent',
    IMAGE_PULL_SECRETS: [],
    POD_IPS: [],
  });
  expect(readEnvironment({ ...least, IMAGE_PULL_SECRETS: 'a,b', GRPC_PORT: '1' })).toMatchObject({ IMAGE_PULL_SECRETS: ['a', 'b'], GRPC_PORT: 1 });
});

test('every missing or invalid variable is named in one line', () => {
  expect(() => readEnvironment({ ...least, POD_NAME: undefined, GRPC_PORT: 'x' })).toThrow(/^read environment: .*POD_NAME.*GRPC_PORT[^\n]*$/);
});

test('CHANNEL_SERVICE requires POD_IPS', () => {
  expect(readEnvironment({ ...least, CHANNEL_SERVICE: 'c', POD_IPS: '10.0.0.7,fd00::7' }).POD_IPS).toEqual(['10.0.0.7', 'fd00::7']);
  expect(() => readEnvironment({ ...least, CHANNEL_SERVICE: 'c' })).toThrow(/POD_IPS: required with CHANNEL_SERVICE/);
  expect(() => readEnvironment({ ...least, CHANNEL_SERVICE: 'c', POD_IPS: 'nowhere' })).toThrow(/POD_IPS/);
});
