import { nodeReasons } from '../api';
import { ScriptedHost } from './host.testing';
import { preflight, problem } from './preflight';

const question = { pins: '/sys/fs/bpf/sidecar-acceleration/node1', pids: [] };

test('without a problem the result is the cgroup to attach to', () => {
  expect(preflight(new ScriptedHost(), question)).toEqual({ podCgroup: '/sys/fs/cgroup/kubepods' });
});

test.each(['5.10.0', '5.10.0-182.0.0.95.oe2203sp3.x86_64', '5.15.0-1-amd64', '6.18.44-fc', '7.2.0-rc1'])('kernel %s is recent enough', (release) => {
  const host = new ScriptedHost();
  host.release = release;
  expect(preflight(host, question)).toHaveProperty('podCgroup');
});

const broken: readonly [string, (host: ScriptedHost) => void][] = [
  ['MissingPrivilege', (host) => host.files.set('/proc/self/status', 'CapEff:\t00000000a80425fb\n')],
  [
    'KernelTooOld',
    (host) => {
      host.release = '5.9.16-generic';
    },
  ],
  [
    'KernelTooOld',
    (host) => {
      host.release = '4.19.90-2003.oe1';
    },
  ],
  ['NoBtf', (host) => host.files.delete('/sys/kernel/btf/vmlinux')],
  [
    'NoBpffs',
    (host) => {
      host.bpffs = false;
    },
  ],
  ['NoCgroup2', (host) => host.files.set('/proc/self/mountinfo', '1 2 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu')],
  ['NoPodCgroup', (host) => host.files.set('/proc/self/cgroup', '0::/')],
];

test.each(broken)('the problem %s has a message with its remedy', (reason, breakIt) => {
  const host = new ScriptedHost();
  breakIt(host);
  const result = preflight(host, question);
  expect(result).toEqual({
    problems: [{ reason, message: expect.stringContaining(nodeReasons[reason as keyof typeof nodeReasons].remedy) as string }],
  });
});

test('all problems are reported at once', () => {
  const host = new ScriptedHost();
  for (const [, breakIt] of broken) breakIt(host);
  const result = preflight(host, question);
  expect('problems' in result && result.problems.map(({ reason }) => reason)).toEqual([
    'MissingPrivilege',
    'KernelTooOld',
    'NoBtf',
    'NoBpffs',
    'NoCgroup2',
  ]);
});

test('the message of a problem is one line of bounded length, however long the cause is', () => {
  const { message } = problem('LoadRefused', `line\n${'x'.repeat(5000)}`);
  expect(message).not.toContain('\n');
  expect(message.length).toBeLessThanOrEqual(1024);
});
