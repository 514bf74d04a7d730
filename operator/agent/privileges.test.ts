import { agentCapabilities, type CapabilityName, capabilityNames } from '../api';
import { ScriptedHost } from './host.testing';
import { missingPrivilege } from './privileges';

const resource = 1n << 24n;
const listed = capabilityNames.reduce((mask, name) => mask | (1n << BigInt(agentCapabilities[name].bit)), 0n);

function hostWith(capabilities: bigint): ScriptedHost {
  const host = new ScriptedHost();
  const effective = capabilities.toString(16).padStart(16, '0');
  host.files.set('/proc/self/status', `Name:\tnode\nCapPrm:\tffffffffffffffff\nCapEff:\t${effective}\nCapBnd:\tffffffffffffffff\n`);
  return host;
}

test('nothing is missing with the capabilities of agentCapabilities', () => {
  expect(missingPrivilege(hostWith(listed))).toBeUndefined();
});

test.each(capabilityNames)('without CAP_%s the message names it', (name: CapabilityName) => {
  expect(missingPrivilege(hostWith(listed & ~(1n << BigInt(agentCapabilities[name].bit))))).toBe(`the agent lacks CAP_${name}`);
});

test('every capability is missing when /proc/self/status cannot be read', () => {
  const host = hostWith(listed);
  host.files.delete('/proc/self/status');
  expect(missingPrivilege(host)).toContain('CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_ADMIN');
});

test('the message distinguishes a security module that denies access from a missing capability', () => {
  const host = hostWith(listed);
  host.files.delete('/proc/7/ns/net');
  expect(missingPrivilege(host)).toMatch(/a security module denies it/);
});

test('before 5.11 CAP_SYS_RESOURCE is missing unless locked memory is unlimited', () => {
  const limited = 'Max locked memory         8388608              8388608              bytes\n';
  const on = (release: string, capabilities: bigint, limits: string): string | undefined => {
    const host = hostWith(capabilities);
    host.release = release;
    host.files.set('/proc/self/limits', limits);
    return missingPrivilege(host);
  };
  expect(on('5.10.0-28-amd64', listed, limited)).toMatch(/CAP_SYS_RESOURCE/);
  expect(on('5.10.0-28-amd64', listed | resource, limited)).toBeUndefined();
  expect(on('5.10.0-28-amd64', listed, limited.replaceAll('8388608', 'unlimited'))).toBeUndefined();
  expect(on('5.11.0', listed, limited)).toBeUndefined();
});
