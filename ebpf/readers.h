/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How programs read. splice(2) takes bytes from the TCP queue only, so redirected ones would be missed or overtaken;
 * ioctl(FIONREAD) on a socket in the map counts one of the two queues. Both tracepoints slow every system call of the
 * machine a little while they are attached (0.1 us measured), so the agent attaches them while something is learnt, and
 * now and then for a sample. What was seen once holds for the container from then on. */
#ifndef SIDECAR_ACCELERATION_READERS_H
#define SIDECAR_ACCELERATION_READERS_H

#include "ends.h"

#define IPPROTO_TCP 6
#define FIONREAD 0x541B		/* include/uapi/asm-generic/ioctls.h; the same on x86-64 and arm64 */

/* /sys/kernel/tracing/events/syscalls/sys_enter_splice/format */
struct syscall_entry {
	__u64 common;
	__s64 number;
	__u64 arguments[6];
};

/* The socket behind a file descriptor of the current task; NULL when it is none. */
static __always_inline struct sock *socket_of(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct socket *socket;
	struct file *file, **files;

	if (!table || fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	files = BPF_CORE_READ(table, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), files + fd) || !file)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	/* other kinds of file keep other things there, none of which points back */
	return socket && BPF_CORE_READ(socket, file) == file ? BPF_CORE_READ(socket, sk) : NULL;
}

static __always_inline void note(void *map, __u64 key, __u32 habit, struct settings *settings)
{
	struct habits *known = bpf_map_lookup_elem(map, &key);
	struct habits first = { .bits = habit };

	if (known && (known->bits & habit))
		return;
	if (known)
		first.bits |= known->bits;
	bpf_map_update_elem(map, &key, &first, BPF_ANY);
	ADD(settings->epoch, 1);	/* open connections look again with their next message */
}

static __always_inline int note_reader(__u32 fd, __u32 habit)
{
	struct settings *settings = current_settings();
	struct sock *sk = socket_of(fd);
	__u32 netns;

	if (!settings || !sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	netns = netns_of(sk);
	if (!bpf_map_lookup_elem(&pods, &netns))
		return 0;
	if (habit == HABIT_SPLICES)
		note(&spliced, BPF_CORE_READ(sk, __sk_common.skc_cookie.counter), habit, settings);
	note(&containers, container_of_socket(sk), habit, settings);
	return 0;
}

#endif
