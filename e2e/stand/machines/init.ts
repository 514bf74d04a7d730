// The init script of the guest: it mounts the root file system and starts the tests.

/** The directory of the guest's checkout, first in the initramfs and then, mounted, in the guest's root file system. */
export const guestCheckout = '/app';
/** The directory of the npm packages in the guest's root file system. */
export const guestPackages = '/packages';
/** The program that runs the tests in the guest, below its checkout. */
export const guestProgram = 'e2e/suites/kernels/guest/main.js';

/**
 * The root file system is a read-only disk; directories that must be written are in memory. The modules stay in the
 * initramfs: the kernel runs modprobe outside the chroot and finds them there.
 */
export const init = `#!/bin/busybox sh
/bin/busybox mkdir -p /sbin /proc /sys /dev /root
/bin/busybox --install -s /bin
ln -s /bin/busybox /sbin/modprobe
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in virtio_pci virtio_blk virtio_console virtio_rng ext4 veth bridge; do modprobe -q $module; done
for i in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] && break; sleep 1; done
mount -t ext4 -o ro /dev/vda /root || { echo 'init: no root file system'; poweroff -f; }
for directory in proc sys dev; do mount --bind /$directory /root/$directory; done
for directory in tmp run var/tmp; do mount -t tmpfs tmpfs /root/$directory; done
ln -s ${guestPackages}/node_modules ${guestCheckout}/node_modules
mount --bind ${guestCheckout} /root${guestCheckout}
mount --bind /lib/modules /root/lib/modules
mount -t cgroup2 cgroup2 /root/sys/fs/cgroup
mkdir -p /root/run/netns /dev/pts
mount -t devpts devpts /root/dev/pts
ip link set lo up
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp
cd /root
chroot /root /usr/local/bin/node ${guestCheckout}/${guestProgram} < /dev/null
poweroff -f
`;
