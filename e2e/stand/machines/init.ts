// What the guest's kernel starts: it puts the root file system together and hands over to the tests.

/** Directory of the initramfs that becomes the checkout of the guest, and of the guest itself. */
export const guestCheckout = '/app';
/** Where the guest's root file system has the npm packages. */
export const guestPackages = '/packages';
/** The program that runs the tests in the guest, below its checkout. */
export const guestProgram = 'e2e/suites/kernels/guest/main.js';

/**
 * The root file system is a disk that is only read; what must be written lies in memory. The modules stay in the
 * initramfs, where the kernel's own loader, which works outside of the changed root, finds them.
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
