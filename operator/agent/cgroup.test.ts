import { cgroup2Mount, findPodCgroup, podsPath } from './cgroup';
import { ScriptedHost } from './host.testing';

describe('the mount of cgroup v2', () => {
  test.each([
    ['of a host with v2 only', '31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw', '/sys/fs/cgroup'],
    [
      'of a hybrid host',
      '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
      '/sys/fs/cgroup/unified',
    ],
    ['with a blank in its path', '31 23 0:28 / /mnt/the\\040cgroups rw - cgroup2 none rw', '/mnt/the cgroups'],
    [
      'of the whole hierarchy, beside a mount of a part',
      '30 23 0:28 /kubepods/pod1/c1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n31 23 0:28 / /host/cgroup rw - cgroup2 cgroup2 rw',
      '/host/cgroup',
    ],
  ])('%s is found', (_, mountinfo, expected) => {
    expect(cgroup2Mount(mountinfo)).toBe(expected);
  });

  test.each([
    ['there is version 1 only', '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu'],
    ['only a part of the hierarchy is mounted', '30 23 0:28 /kubepods/pod1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw'],
    ['mountinfo is empty', ''],
  ])('is not found when %s', (_, mountinfo) => {
    expect(cgroup2Mount(mountinfo)).toBeUndefined();
  });
});

describe('the directory of the pods', () => {
  test.each([
    ['cgroupfs driver', '0::/kubepods/besteffort/pod1/c1', 'kubepods'],
    ['systemd driver', '0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-c1.scope', 'kubepods.slice'],
    ['cgroupRoot of a second node', '0::/node1/kubepods/pod1/c1', 'node1/kubepods'],
    [
      'cgroupRoot with the systemd driver',
      '0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1.slice/c1',
      'kubelet.slice/kubelet-kubepods.slice',
    ],
    ['hybrid host', '4:memory:/kubepods/pod1/c1\n0::/kubepods/pod1/c1', 'kubepods'],
  ])('is found: %s', (_, text, expected) => {
    expect(podsPath(text)).toBe(expected);
  });

  test.each([
    ['the root', '0::/'],
    ['a process of the host', '0::/system.slice/containerd.service'],
    ['a pod in version 1 hierarchies only', '4:memory:/kubepods/pod1/c1\n0::/'],
    ['a path seen from a cgroup namespace', '0::/../../kubepods/pod2/c2'],
    ['an empty file', ''],
  ])('is not taken from %s', (_, text) => {
    expect(podsPath(text)).toBeUndefined();
  });

  test('is found by the cgroup of the agent, otherwise by that of a pod’s process', () => {
    const host = new ScriptedHost();
    expect(findPodCgroup(host, '/sys/fs/cgroup', [])).toBe('/sys/fs/cgroup/kubepods');
    host.files.set('/proc/self/cgroup', '0::/user.slice');
    expect(findPodCgroup(host, '/sys/fs/cgroup', [])).toBeUndefined();
    host.files.set('/proc/7/cgroup', '0::/node1/kubepods/pod1/c1');
    expect(findPodCgroup(host, '/sys/fs/cgroup', [7])).toBeUndefined();
    host.directories.add('/sys/fs/cgroup/node1/kubepods');
    expect(findPodCgroup(host, '/sys/fs/cgroup', [6, 7])).toBe('/sys/fs/cgroup/node1/kubepods');
  });
});
