import { readEnvironment, readInspector } from './environment';

const good = {
  NODE_NAME: 'node1',
  CONTROLLER_ADDRESS: '10.98.0.5:9443',
  PINS: '/sys/fs/bpf/sidecar-acceleration/node1',
  CA_FILE: '/etc/sidecar-acceleration/channel/ca.crt',
  TOKEN_FILE: '/var/run/secrets/acceleration.dev/agent/token',
};

test('the environment of the DaemonSet is read, with defaults', () => {
  expect(readEnvironment(good)).toMatchObject({
    node: 'node1',
    controllerAddress: '10.98.0.5:9443',
    criSocket: undefined,
    hostRoot: '/proc/1/root',
    podUid: undefined,
    logLevel: 'info',
    healthPort: 9090,
  });
});

test('an IPv6 controller address is accepted', () => {
  expect(readEnvironment({ ...good, CONTROLLER_ADDRESS: '[fd00::5]:9443' }).controllerAddress).toBe('[fd00::5]:9443');
});

test('every missing or invalid variable is named in one line', () => {
  const read = (): unknown => readEnvironment({ ...good, NODE_NAME: undefined, PINS: 'relative', LOG_LEVEL: 'loud', CONTROLLER_ADDRESS: 'nowhere' });
  expect(read).toThrow(/NODE_NAME.*CONTROLLER_ADDRESS.*PINS: not an absolute path.*LOG_LEVEL/);
  expect(read).not.toThrow(/\n/);
});

test('the command connections needs no variable, and uses INSPECTOR if it is set', () => {
  expect(readInspector({})).toBe('\0sidecar-acceleration-agent');
  expect(readInspector({ INSPECTOR: 'another' })).toBe('\0another');
  expect(() => readInspector({ INSPECTOR: '' })).toThrow(/INSPECTOR/);
});
